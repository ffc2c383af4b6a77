"""The manifest: one row per readable slice, and its companion, the rejected files."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.atomic import write_text
from tumorscope.data.readers import decode_slice
from tumorscope.data.sources import LabelledFile, list_labelled_files
from tumorscope.errors import InputError

_log = logging.getLogger(__name__)

COLUMNS = ("path", "label", "label_name", "sha256", "width", "height", "group")
_THREADS = 4


def read_manifest(
    source: str | Path,
    positive: str = "yes",
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read every slice of a data source once and describe it.

    Parameters
    ----------
    source, positive
        As in `list_labelled_files`.
    on_progress
        Called with the number of files read and of all files.

    Returns
    -------
    tuple
        The manifest (columns `COLUMNS` and, where known, ``patient_id``) and the rejected
        files (columns ``path`` and ``reason``). Slices with the same bytes, or of the same
        patient, share a ``group``.

    Raises
    ------
    InputError
        The source cannot be used, a class has no readable slice, or the same bytes carry two
        labels.
    """
    files = list_labelled_files(source, positive)
    rows, rejected = [], []
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (file, result) in enumerate(
            zip(files, pool.map(_describe, files), strict=True), 1
        ):
            if isinstance(result, InputError):
                reason = str(result).removeprefix(f"{file.path}: ")
                rejected.append({"path": str(file.path), "reason": reason})
            else:
                rows.append(result)
            if on_progress:
                on_progress(done, len(files))
    if rejected:
        _log.warning("left out %d of %d files: see rejected.csv", len(rejected), len(files))
    manifest = pd.DataFrame(rows, columns=[*COLUMNS[:-1], "patient_id"])
    _check_classes(manifest, source)
    _check_labels(manifest)
    manifest["group"] = number_groups(manifest)
    if manifest["patient_id"].isna().all():
        manifest = manifest.drop(columns="patient_id")
    return manifest, pd.DataFrame(rejected, columns=["path", "reason"])


def number_groups(manifest: pd.DataFrame) -> NDArray[np.int64]:
    """Give a number to the groups of slices that are linked by their bytes or their patient.

    Parameters
    ----------
    manifest
        With the columns ``sha256`` and ``patient_id`` (which may be missing in any row).

    Returns
    -------
    numpy.ndarray
        Shape (N,), int64: the group of each row, counted from 0 in order of first appearance.
    """
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    keys = [f"bytes {sha256}" for sha256 in manifest["sha256"]]
    for key, patient in zip(keys, manifest["patient_id"], strict=True):
        root = find(key)
        if isinstance(patient, str):
            parent[root] = find(f"patient {patient}")
    groups, _ = pd.factorize(np.array([find(key) for key in keys], dtype=object))
    return groups.astype(np.int64)


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV table that `write_table` wrote; only an empty cell is missing, not ``NA``."""
    return pd.read_csv(
        path, keep_default_na=False, na_values=[""], encoding_errors="surrogateescape"
    )


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def _describe(file: LabelledFile) -> dict[str, object] | InputError:
    try:
        data = file.path.read_bytes()
        height, width = decode_slice(data, str(file.path)).shape[:2]
    except OSError as error:
        return InputError(f"{file.path}: cannot be read: {error.strerror}")
    except InputError as error:
        return error
    return {
        "path": str(file.path.resolve()),
        "label": file.label,
        "label_name": file.label_name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": width,
        "height": height,
        "patient_id": file.patient_id,
    }


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
