"""The files that a manifest records: whether they still are, when read again, what they were.

Groups, folds, codes and figures are about the bytes that were read when a run began. Neither the
size of a file nor its time tells whether these are still there: exchanged files keep both.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from tumorscope.checksum import compute_sha256
from tumorscope.errors import InputError

MASK_SHA256 = "mask_sha256"
_THREADS = 4
_NAMED = 3


def record_masks(manifest: pd.DataFrame) -> pd.DataFrame:
    """Add to a manifest the SHA-256 of the file of each mask, as ``mask_sha256``.

    Raises
    ------
    InputError
        One cannot be read.
    """
    files = manifest["mask"].dropna().unique().tolist()
    found = _compute(files)
    if gone := [file for file in files if found[file] is None]:
        raise InputError(f"{gone[0]}: cannot be read, though it is the mask of a slice")
    return manifest.assign(**{MASK_SHA256: manifest["mask"].map(found)})


def check_unchanged(slices: pd.DataFrame) -> None:
    """Refuse slices and masks that are gone, or that are no longer what was recorded of them.

    Parameters
    ----------
    slices
        Of a manifest, with ``path`` and ``sha256`` and, where masks were recorded, ``mask`` and
        ``mask_sha256``. Not modified.

    Raises
    ------
    InputError
        Any is; how many, and some by name.
    """
    recorded = dict(zip(slices["path"], slices["sha256"], strict=True))
    if MASK_SHA256 in slices:
        masks = slices[["mask", MASK_SHA256]].dropna()
        recorded |= dict(zip(masks["mask"], masks[MASK_SHA256], strict=True))
    found = _compute(list(recorded))
    gone = [file for file in recorded if found[file] is None]
    changed = [file for file in recorded if found[file] not in (None, recorded[file])]
    if gone or changed:
        said = [
            f"{_name(files)}: {what} since the run was started"
            for files, what in ((gone, "gone"), (changed, "changed (another SHA-256)"))
            if files
        ]
        raise InputError(f"{'; '.join(said)}; put back what was there, or start another run")


def _compute(files: Sequence[str]) -> dict[str, str | None]:
    """Compute the SHA-256 of files; None of one that cannot be read."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip(files, pool.map(_compute_one, files), strict=True))


def _compute_one(file: str) -> str | None:
    try:
        return compute_sha256(Path(file))
    except OSError:
        return None


def _name(files: Sequence[str]) -> str:
    more = len(files) - _NAMED
    return ", ".join(files[:_NAMED]) + (f" and {more} more" if more > 0 else "")
