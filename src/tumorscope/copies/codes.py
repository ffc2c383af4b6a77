"""Perceptual codes: 256 bits of a frame that survive most of what is done to copies.

A code holds the signs of the lowest 16 x 16 coefficients of the discrete cosine transform. A flip
of the picture changes the sign of every second row or column of coefficients, and a transposition
swaps rows with columns: the codes of all eight orientations follow from one.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.thumbnails import INDEXED_FRAMES, Gray, cut_frames

CODE_BYTES = 32
CODE_BITS = 8 * CODE_BYTES
ORIENTATIONS = 8

_FLIP_COLUMNS, _FLIP_ROWS, _TRANSPOSE = 1, 2, 4
_COEFFICIENTS = 16
_SIDE_PX = 32
_ODD = np.arange(_COEFFICIENTS) % 2 == 1
_NOT_MEAN = np.arange(CODE_BITS).reshape(_COEFFICIENTS, _COEFFICIENTS) > 0

Codes = NDArray[np.uint8]


def compute_codes(thumbnail: Gray) -> Codes:
    """Compute the codes of a slice, one per frame.

    Parameters
    ----------
    thumbnail
        From `take_thumbnail`.

    Returns
    -------
    numpy.ndarray
        Shape (frames, 32), uint8.

    References
    ----------
    Zauner, "Implementation and benchmarking of perceptual image hash functions", 2010, for hashes
    from this transform. Signs in place of its comparison with the median make flips exact.
    """
    return np.stack([_compute_code(frame) for frame in cut_frames(thumbnail)])


def keep_indexed(codes: Codes) -> Codes:
    """Keep of codes, shape (N, frames, 32), those that an index holds: (N, indexed frames, 32)."""
    return codes[:, :INDEXED_FRAMES]


def orient_codes(codes: Codes) -> Codes:
    """Compute from codes those of the same pictures in all orientations.

    Parameters
    ----------
    codes
        Shape (..., 32), uint8.

    Returns
    -------
    numpy.ndarray
        Shape (..., 8, 32), uint8; at each orientation's number what `orient` of the picture has.
    """
    bits = np.unpackbits(codes, axis=-1).reshape(*codes.shape[:-1], *_NOT_MEAN.shape).astype(bool)
    oriented = [_orient_bits(bits, orientation) for orientation in range(ORIENTATIONS)]
    stacked = np.stack(oriented, axis=-3)
    return np.packbits(stacked.reshape(*stacked.shape[:-2], CODE_BITS), axis=-1)


def orient(picture: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """Flip and turn a square picture, shape (side, side), to one of eight orientations.

    The orientation's number says what is done, in this order: 1, columns reversed; 2, rows
    reversed; 4, rows and columns swapped; 0, nothing.
    """
    if orientation & _FLIP_COLUMNS:
        picture = picture[:, ::-1]
    if orientation & _FLIP_ROWS:
        picture = picture[::-1]
    return np.ascontiguousarray(picture.T if orientation & _TRANSPOSE else picture)


def describe_orientation(orientation: int) -> str | None:
    """Say how a picture was changed, None if it was not."""
    if orientation == 0:
        return None
    mirrored = bin(orientation).count("1") % 2 == 1
    return "flipped" if mirrored else "turned"


def _compute_code(frame: Gray) -> Codes:
    small = cv2.resize(frame, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    coefficients = cv2.dct(small.astype(np.float32))[:_COEFFICIENTS, :_COEFFICIENTS]
    # The coefficient of the mean says nothing about the pattern.
    return np.packbits((coefficients > 0) & _NOT_MEAN)


def _orient_bits(bits: NDArray[np.bool_], orientation: int) -> NDArray[np.bool_]:
    changed = np.zeros_like(_NOT_MEAN)
    if orientation & _FLIP_COLUMNS:
        changed ^= _ODD[np.newaxis, :]
    if orientation & _FLIP_ROWS:
        changed ^= _ODD[:, np.newaxis]
    turned = bits ^ (changed & _NOT_MEAN)
    return np.swapaxes(turned, -1, -2) if orientation & _TRANSPOSE else turned
