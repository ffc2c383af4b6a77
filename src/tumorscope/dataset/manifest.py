"""The manifest: one row per readable slice, and its companion, the rejected files."""

import errno
import hashlib
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd

from tumorscope.atomic import write_text
from tumorscope.copies.codes import compute_codes
from tumorscope.copies.groups import DisjointSets, Groups, join_copies
from tumorscope.copies.thumbnails import Gray, take_thumbnail
from tumorscope.dataset.class_names import ClassNames, Names, fold_name, read_class_names
from tumorscope.dataset.contradictions import (
    check_labels,
    warn_of_contradicting,
    warn_of_spellings,
)
from tumorscope.dataset.labelled_files import KNOWN, MEANT, LabelledFile
from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.dataset.recorded import MASK_SHA256
from tumorscope.dataset.series import name_series
from tumorscope.dataset.sources import Source, list_labelled_files, name_sources
from tumorscope.dataset.unpacking.origins import UNPACKED_FROM
from tumorscope.dataset.unpacking.unpack import unpack
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.scans.images import decode_slice

_log = logging.getLogger(__name__)

COLUMNS = ("path", "label", "label_name", "sha256", "width", "height", "group")
REJECTED_FILE = "rejected.csv"
_TEXTS = frozenset({*MEANT, MASK_SHA256, LEFT_OUT, UNPACKED_FROM}) - {"slice"}
_OURS = frozenset(
    {*COLUMNS, MASK_SHA256, "split", "fold", "repeat", "level", "lesion_share", LEFT_OUT}
)
_THREADS = 4


def read_manifest(
    data: Source | Sequence[Source],
    positive: Names = "yes",
    on_progress: ProgressCallback = ignore_progress,
    *,
    negative: Names | None = None,
    separate_patients: bool = False,
    home: Path | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every slice of one or several data sources once and describe it.

    Parameters
    ----------
    data
        A source as in `list_labelled_files`, or several of them. One of several may hold a single
        class.
    positive, negative
        The names of the classes with and without a tumor in all of them, as in
        `read_class_names`.
    on_progress
        Called as work goes on.
    separate_patients
        Whether the same ``patient_id`` in two sources is two people; each is then prefixed by its
        source.
    home
        The folder that slices of volumes, series and archives are written to, see `unpack`.

    Returns
    -------
    tuple
        The manifest and the rejected files (columns ``path`` and ``reason``). The manifest has
        the columns `COLUMNS`; those of `KNOWN` that a table has; ``source`` also where there are
        several, by the names of `name_sources`; and all further columns of tables. One that has
        the name of one of ours is called ``NAME of the data``. Slices that are copies of one
        another, whichever source they are from, of the same patient, or of one unpacked scan,
        share a ``group``.

    Raises
    ------
    InputError
        A source cannot be used, two list the same file, a class has no readable slice, a slice
        has no number, the same bytes carry two labels, or there are scans to unpack and no `home`.
    """
    sources = name_sources(data)
    listed = _list_files(sources, read_class_names(positive, negative))
    files, left_out = unpack(listed, home, on_progress)
    rows, thumbnails = [], []
    rejected = [{"path": one.name, "reason": one.reason} for one in left_out]
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
        one = rejected[0]
        _log.warning(
            "left out %d of %d files, such as %s: %s",
            len(rejected), len(files) + len(left_out), one["path"], one["reason"],
        )  # fmt: skip
    manifest = pd.DataFrame(rows, columns=_order_columns(rows))
    _check_classes(manifest, sources.values(), rejected)
    check_labels(manifest)
    manifest = _number_slices(manifest)
    if separate_patients and "patient_id" in manifest:
        manifest["patient_id"] = manifest["source"] + "/" + manifest["patient_id"]
    groups = _number_groups(manifest, thumbnails, on_progress)
    if len(sources) == 1 and set(manifest["source"]) == sources.keys():
        manifest = manifest.drop(columns="source")
    manifest = name_series(manifest).assign(group=groups)
    warn_of_contradicting(manifest)
    warn_of_spellings(manifest)
    return manifest, pd.DataFrame(rejected, columns=["path", "reason"])


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV table that `write_table` wrote; only an empty cell is missing, not ``NA``."""
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(_TEXTS, str),
        keep_default_na=False,
        na_values=[""],
        encoding_errors="surrogateescape",
    )


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def name_rejected(folder: Path, rejected: pd.DataFrame) -> None:
    """Say where all the rejected files are listed, once they are."""
    if len(rejected):
        _log.warning("the files that were left out: %s", folder / REJECTED_FILE)


def _list_files(sources: dict[str, Source], names: ClassNames) -> list[LabelledFile]:
    """List the files of all sources, with the name of its source among the details of each."""
    files: list[LabelledFile] = []
    first: dict[Path, str] = {}
    for name, source in sources.items():
        for file in list_labelled_files(source, names, needs_both=len(sources) == 1):
            if (other := first.setdefault(file.path.resolve(), name)) != name:
                raise InputError(
                    f"{file.path}: listed by both {other} and {name}; give sources that share "
                    "no file"
                )
            files.append(file._replace(details={"source": name, **file.details}))
    _check_all_found(names, {fold_name(file.label_name) for file in files})
    return files


def _check_all_found(names: ClassNames, found: set[str]) -> None:
    """Refuse a name that no source has, where others are there: it may be mistyped."""
    asked = names.positive | (names.negative or frozenset())
    if asked & found and (missing := asked - found):
        raise InputError(
            f"no source has images of the class {min(missing)!r}; found {', '.join(sorted(found))}"
        )


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
        **{
            f"{name} of the data" if name in _OURS else name: value
            for name, value in file.details.items()
        },
    }
    return row, take_thumbnail(image)


def _order_columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Order ours before the known ones before all others; what no row has is left out."""
    given = dict.fromkeys(name for row in rows for name in row)
    known = [name for name in KNOWN if name in given]
    return list(dict.fromkeys([*COLUMNS[:-1], *known, *given]))


def _number_slices(manifest: pd.DataFrame) -> pd.DataFrame:
    if "slice" not in manifest:
        return manifest
    numbers = pd.to_numeric(manifest["slice"], errors="coerce")
    if (wrong := numbers.isna() & manifest["slice"].notna()).any():
        path, value = manifest.loc[wrong, ["path", "slice"]].iloc[0]
        raise InputError(f"{path}: the column 'slice' gives its place as a number, not {value!r}")
    return manifest.assign(slice=numbers)


def _number_groups(
    manifest: pd.DataFrame, thumbnails: Sequence[Gray], on_progress: ProgressCallback
) -> Groups:
    """Give the same number to slices that are copies of one another, or one patient's."""
    missing = pd.Series(None, manifest.index, object)
    patients = manifest.get("patient_id", missing)
    is_unpacked = manifest.get(UNPACKED_FROM, missing).notna()
    scans = manifest.get("series", missing).where(is_unpacked)
    sets = DisjointSets(len(manifest))
    sets.join_equal(manifest["sha256"])
    codes = np.stack([compute_codes(thumbnail) for thumbnail in thumbnails])
    join_copies(
        sets,
        thumbnails,
        codes,
        lambda done, total: on_progress("looking for copies", done, total),
        (patients.notna() | scans.notna()).to_numpy(),
    )
    # Last, as copies are looked for with one slice of each set only.
    for known in (patients, scans):
        sets.join_equal(value if isinstance(value, str) else None for value in known)
    return sets.number()


def _check_classes(
    manifest: pd.DataFrame, sources: Iterable[Source], rejected: Sequence[Mapping[str, str]]
) -> None:
    counts = [int((manifest["label"] == label).sum()) for label in (0, 1)]
    if min(counts) == 0:
        why = "".join(f"; left out: {one['path']}: {one['reason']}" for one in rejected[:1])
        why += f" (and {len(rejected) - 1} more)" if rejected[1:] else ""
        is_missing = any(os.strerror(errno.ENOENT) in one["reason"] for one in rejected)
        why += "; paths are relative to the table" if is_missing else ""
        raise InputError(
            f"{' and '.join(map(str, sources))}: expected readable slices of both classes, found "
            f"{counts[1]} with and {counts[0]} without a tumor{why}"
        )
