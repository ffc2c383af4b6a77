"""Recognize the very slices a model was trained on, cheaply: by a digest of their pixels.

Of copies that were changed it knows nothing; `find_known` does, at eighty times the cost.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.preprocessing import drop_equal_channels
from tumorscope.scans.images import decode_slice, read_slice

DIGEST_BYTES = 8  # among a billion slices, one of ten million others is taken for one by 0.05 %
_SIDE_PX = 96
_THREADS = 4


def compute_digest(image: NDArray[np.uint8]) -> bytes:
    """Compute the digest of a slice, from every second, third, ... of its pixels if it is large.

    Parameters
    ----------
    image
        Shape (H, W), gray, or (H, W, 3), RGB, as `drop_equal_channels` gives it; uint8.

    Returns
    -------
    bytes
        The first eight of a SHA-256.
    """
    step = max(min(image.shape[:2]) // _SIDE_PX, 1)
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(image[::step, ::step].tobytes())
    return digest.digest()[:DIGEST_BYTES]


def compute_file_digests(paths: Sequence[str], least_side_px: int) -> NDArray[np.uint8]:
    """Compute the digests of image files, read in full and as `predict` reads them.

    Parameters
    ----------
    paths
        The files.
    least_side_px
        Below which `predict` reduces none.

    Returns
    -------
    numpy.ndarray
        Shape (M, 8), uint8, each once and in order.

    Raises
    ------
    InputError
        A file cannot be read.
    """

    def compute(path: str) -> Iterator[bytes]:
        data = Path(path).read_bytes()
        for image in (read_slice(Path(path)), decode_slice(data, path, least_side_px)):
            yield compute_digest(drop_equal_channels(image))

    with ThreadPoolExecutor(_THREADS) as pool:
        digests = sorted(set(chain.from_iterable(pool.map(lambda p: list(compute(p)), paths))))
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIGEST_BYTES)
