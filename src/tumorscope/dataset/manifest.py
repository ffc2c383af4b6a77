"""The manifest: one row per readable slice, and its companion, the rejected files."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from tumorscope.atomic import write_text
from tumorscope.copies.codes import compute_codes
from tumorscope.copies.groups import DisjointSets, Groups, join_copies
from tumorscope.copies.thumbnails import Gray, take_thumbnail
from tumorscope.dataset.sources import LabelledFile, Source, list_labelled_files, name_sources
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.scans.images import decode_slice

_log = logging.getLogger(__name__)

COLUMNS = ("path", "label", "label_name", "sha256", "width", "height", "group")
_THREADS = 4


def read_manifest(
    data: Source | Sequence[Source],
    positive: str = "yes",
    on_progress: ProgressCallback = ignore_progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every slice of one or several data sources once and describe it.

    Parameters
    ----------
    data
        A source as in `list_labelled_files`, or several of them.
    positive
        The name of the class with a tumor in all of them.
    on_progress
        Called as work goes on.

    Returns
    -------
    tuple
        The manifest and the rejected files (columns ``path`` and ``reason``). The manifest has
        the columns `COLUMNS`; where known, ``patient_id``; and of several sources ``source``, by
        the names of `name_sources`. Slices that are copies of one another, whichever source they
        are from, or of the same patient of a source, share a ``group``.

    Raises
    ------
    InputError
        A source cannot be used, two list the same file, a class has no readable slice, or the
        same bytes carry two labels.
    """
    sources = name_sources(data)
    files, origins = _list_files(sources, positive)
    rows, thumbnails, rejected = [], [], []
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (file, origin, result) in enumerate(
            zip(files, origins, pool.map(_describe, files), strict=True), 1
        ):
            if isinstance(result, InputError):
                reason = str(result).removeprefix(f"{file.path}: ")
                rejected.append({"path": str(file.path), "reason": reason})
            else:
                row, thumbnail = result
                rows.append({**row, "source": origin})
                thumbnails.append(thumbnail)
            on_progress("reading slices", done, len(files))
    if rejected:
        _log.warning("left out %d of %d files: see rejected.csv", len(rejected), len(files))
    manifest = pd.DataFrame(rows, columns=[*COLUMNS[:-1], "patient_id", "source"])
    _check_classes(manifest, sources.values())
    _check_labels(manifest)
    manifest["group"] = _number_groups(manifest, thumbnails, on_progress)
    if manifest["patient_id"].isna().all():
        manifest = manifest.drop(columns="patient_id")
    if len(sources) == 1:
        manifest = manifest.drop(columns="source")
    return manifest, pd.DataFrame(rejected, columns=["path", "reason"])


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV table that `write_table` wrote; only an empty cell is missing, not ``NA``."""
    return pd.read_csv(
        path, keep_default_na=False, na_values=[""], encoding_errors="surrogateescape"
    )


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def _list_files(sources: dict[str, Source], positive: str) -> tuple[list[LabelledFile], list[str]]:
    """List the files of all sources, and of each file the name of its source."""
    files, origins = [], []
    first: dict[Path, str] = {}
    for name, source in sources.items():
        for file in list_labelled_files(source, positive):
            if (other := first.setdefault(file.path.resolve(), name)) != name:
                raise InputError(
                    f"{file.path}: listed by both {other} and {name}; give sources that share "
                    "no file"
                )
            files.append(file)
            origins.append(name)
    return files, origins


def _describe(file: LabelledFile) -> tuple[dict[str, object], Gray] | InputError:
    try:
        data = file.path.read_bytes()
        image = decode_slice(data, str(file.path))
    except OSError as error:
        return InputError(f"{file.path}: cannot be read: {error.strerror}")
    except InputError as error:
        return error
    row = {
        "path": str(file.path.resolve()),
        "label": file.label,
        "label_name": file.label_name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": image.shape[1],
        "height": image.shape[0],
        "patient_id": file.patient_id,
    }
    return row, take_thumbnail(image)


def _number_groups(
    manifest: pd.DataFrame, thumbnails: Sequence[Gray], on_progress: ProgressCallback
) -> Groups:
    """Give the same number to slices that are copies of one another, or one patient's."""
    sets = DisjointSets(len(manifest))
    sets.join_equal(manifest["sha256"])
    codes = np.stack([compute_codes(thumbnail) for thumbnail in thumbnails])
    join_copies(
        sets,
        thumbnails,
        codes,
        lambda done, total: on_progress("looking for copies", done, total),
    )
    # Last, as copies are looked for with one slice of each set only.
    patients = zip(manifest["source"], manifest["patient_id"], strict=True)
    sets.join_equal(patient if isinstance(patient[1], str) else None for patient in patients)
    return sets.number()


def _check_classes(manifest: pd.DataFrame, sources: Iterable[Source]) -> None:
    counts = [int((manifest["label"] == label).sum()) for label in (0, 1)]
    if min(counts) == 0:
        raise InputError(
            f"{' and '.join(map(str, sources))}: expected readable slices of both classes, found "
            f"{counts[1]} with and {counts[0]} without a tumor"
        )


def _check_labels(manifest: pd.DataFrame) -> None:
    labels = manifest.groupby("sha256")["label"].nunique()
    conflicts: Sequence[str] = list(labels.index[labels > 1])
    if conflicts:
        paths = manifest.loc[manifest["sha256"] == conflicts[0], "path"]
        raise InputError(
            f"{len(conflicts)} file(s) stand in both classes with the same bytes, such as "
            f"{' and '.join(paths)}; remove the wrong copy"
        )
