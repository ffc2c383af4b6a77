"""Recognize slices by their codes alone, where the pictures they may be copies of are not there."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import CODE_BYTES, Codes, compute_codes
from tumorscope.copies.search import CodeIndex
from tumorscope.copies.thumbnails import FRAMES, take_thumbnail
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.scans.images import read_slice

# Of 256 bits. Without pixels to compare, this alone decides; docs/audit.md says how well.
LARGEST_DISTANCE = 44
_THREADS = 4


def compute_file_codes(
    paths: Sequence[str], stage: str, on_progress: ProgressCallback = ignore_progress
) -> Codes:
    """Compute the codes of image files.

    Parameters
    ----------
    paths
        The files, N of them.
    stage, on_progress
        What is reported after each file.

    Returns
    -------
    numpy.ndarray
        Shape (N, frames, 32), uint8.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    codes = np.empty((len(paths), len(FRAMES), CODE_BYTES), dtype=np.uint8)
    with ThreadPoolExecutor(_THREADS) as pool:
        for row, code in enumerate(pool.map(_read_code, paths)):
            codes[row] = code
            on_progress(stage, row + 1, len(paths))
    return codes


def find_known(codes: Codes, known: Codes) -> NDArray[np.bool_]:
    """Find the slices that are copies of known ones.

    Parameters
    ----------
    codes, known
        Shape (N, frames, 32) and (M, frames, 32), uint8; M may be 0.

    Returns
    -------
    numpy.ndarray
        Shape (N,), bool.
    """
    is_known = np.zeros(len(codes), dtype=bool)
    if len(codes) and len(known):
        found = CodeIndex(known).search(codes)
        is_known[found.first[found.distance <= LARGEST_DISTANCE]] = True
    return is_known


def _read_code(path: str) -> Codes:
    return compute_codes(take_thumbnail(read_slice(Path(path))))
