"""The manifest: one row per readable slice, and its companion, the rejected files."""

import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from tumorscope.atomic import write_text
from tumorscope.data.duplicates.codes import compute_codes
from tumorscope.data.duplicates.groups import DisjointSets, Groups, join_copies
from tumorscope.data.duplicates.thumbnails import Gray, take_thumbnail
from tumorscope.data.readers import decode_slice
from tumorscope.data.sources import LabelledFile, list_labelled_files
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, ignore_progress

_log = logging.getLogger(__name__)

COLUMNS = ("path", "label", "label_name", "sha256", "width", "height", "group")
_THREADS = 4


def read_manifest(
    source: str | Path,
    positive: str = "yes",
    on_progress: ProgressCallback = ignore_progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every slice of a data source once and describe it.

    Parameters
    ----------
    source, positive
        As in `list_labelled_files`.
    on_progress
        Called as work goes on.

    Returns
    -------
    tuple
        The manifest (columns `COLUMNS` and, where known, ``patient_id``) and the rejected
        files (columns ``path`` and ``reason``). Slices that are copies of one another, or of the
        same patient, share a ``group``.

    Raises
    ------
    InputError
        The source cannot be used, a class has no readable slice, or the same bytes carry two
        labels.
    """
    files = list_labelled_files(source, positive)
    rows, thumbnails, rejected = [], [], []
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (file, result) in enumerate(
            zip(files, pool.map(_describe, files), strict=True), 1
        ):
            if isinstance(result, InputError):
                reason = str(result).removeprefix(f"{file.path}: ")
                rejected.append({"path": str(file.path), "reason": reason})
            else:
                row, thumbnail = result
                rows.append(row)
                thumbnails.append(thumbnail)
            on_progress("reading slices", done, len(files))
    if rejected:
        _log.warning("left out %d of %d files: see rejected.csv", len(rejected), len(files))
    manifest = pd.DataFrame(rows, columns=[*COLUMNS[:-1], "patient_id"])
    _check_classes(manifest, source)
    _check_labels(manifest)
    manifest["group"] = _number_groups(manifest, thumbnails, on_progress)
    if manifest["patient_id"].isna().all():
        manifest = manifest.drop(columns="patient_id")
    return manifest, pd.DataFrame(rejected, columns=["path", "reason"])


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV table that `write_table` wrote; only an empty cell is missing, not ``NA``."""
    return pd.read_csv(
        path, keep_default_na=False, na_values=[""], encoding_errors="surrogateescape"
    )


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


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
    sets.join_equal(id_ if isinstance(id_, str) else None for id_ in manifest["patient_id"])
    return sets.number()


def _check_classes(manifest: pd.DataFrame, source: str | Path) -> None:
    counts = [int((manifest["label"] == label).sum()) for label in (0, 1)]
    if min(counts) == 0:
        raise InputError(
            f"{source}: expected readable slices of both classes, found {counts[1]} with and "
            f"{counts[0]} without a tumor"
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
