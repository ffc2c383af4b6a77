"""Show measured values of any range as a gray picture of square pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.images import MAXIMUM_PIXELS, MINIMUM_SIDE_PX

LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.5
_MOST_STRETCHED = 20
_SAMPLED_VALUES = 4_000_000


def compute_window(values: NDArray[np.generic]) -> tuple[float, float]:
    """Compute the range to show, which a few bright or dark outliers do not decide.

    Parameters
    ----------
    values
        Any shape and real dtype; what is not finite is left out. Of a large array every n-th
        value is taken, about four million in all.

    Returns
    -------
    tuple
        The values to be shown black and white, the first below the second: the 0.5th and the
        99.5th percentile, or minimum and maximum where these are equal.

    Raises
    ------
    InputError
        No value is finite, or all are the same.
    """
    flat = values.reshape(-1, order="A")
    with np.errstate(over="ignore"):
        sampled = flat[:: max(1, flat.size // _SAMPLED_VALUES)].astype(np.float32)
    sampled = sampled[np.isfinite(sampled)]
    if sampled.size:
        low, high = np.percentile(sampled, [LOW_PERCENTILE, HIGH_PERCENTILE], overwrite_input=True)
        if low < high:
            return float(low), float(high)
    finite = np.isfinite(flat)
    if not finite.any():
        raise InputError("holds no finite value")
    low = flat.min(where=finite, initial=flat[finite.argmax()])
    high = flat.max(where=finite, initial=low)
    if low == high:
        raise InputError("every pixel has the same value; this is no slice")
    return float(low), float(high)


def apply_window(values_hw: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Stretch `low` to `high` over 0..255; values beyond are clipped, NaN is shown as black.

    Parameters
    ----------
    values_hw
        Any shape and real dtype. Not modified.
    low, high
        The values shown black and white.
    """
    with np.errstate(all="ignore"):  # infinite values, and those too large for float32
        share = (values_hw.astype(np.float32) - np.float32(low)) / np.float32(high - low)
    gray: NDArray[np.float32] = np.clip(np.nan_to_num(share, copy=False, nan=0.0), 0, 1) * 255
    return np.rint(gray).astype(np.uint8)


def make_square(
    image: NDArray[np.uint8], row_mm: float, column_mm: float, *, sharp: bool = False
) -> NDArray[np.uint8]:
    """Stretch the coarser side of a picture so that a pixel is as high as it is wide.

    Parameters
    ----------
    image
        Shape (H, W) or (H, W, 3), uint8.
    row_mm, column_mm
        The distance from row to row and from column to column. Where these are no sizes of
        pixels (zero, not finite, too far apart) the picture is left as it is.
    sharp
        Whether every pixel keeps one of the values that there are, as those of a mask must.
    """
    height, width = image.shape[:2]
    sizes = np.array([row_mm, column_mm], np.float64)
    if not np.isfinite(sizes).all() or sizes.min() <= 0:
        return image
    stretch_height, stretch_width = sizes / sizes.min()
    ratio = max(stretch_height, stretch_width)
    size = (round(width * stretch_width), round(height * stretch_height))
    if ratio > _MOST_STRETCHED or size == (width, height) or size[0] * size[1] > MAXIMUM_PIXELS:
        return image
    interpolation = cv2.INTER_NEAREST if sharp else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=interpolation), np.uint8)


def check_side(height: int, width: int) -> None:
    """Refuse a picture that is too small to be a slice."""
    if min(height, width) < MINIMUM_SIDE_PX:
        raise InputError(f"{width} x {height} px, expected at least {MINIMUM_SIDE_PX} px a side")


def repeat_channels(gray_hw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat gray in three channels, shape (H, W, 3)."""
    return np.repeat(gray_hw[..., np.newaxis], 3, axis=-1)
