"""From a slice of any size to the square that the network takes."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.recipe import PreprocessingSettings

# Otsu's threshold itself may divide a bright lesion from the head instead of the head from air.
OTSU_FRACTION = 0.5
# A head that fills less of the picture than this is not believed; the whole slice is used.
_LEAST_HEAD_FRACTION = 0.15
_MARGIN_FRACTION = 0.02
# A head is looked for in a picture reduced to this much or up to twice it.
_SEARCH_SIDE_PX = 128


class Box(NamedTuple):
    """A rectangle in a slice, in px: its top left corner and its size.

    With padding it reaches beyond the slice; its corner may then be negative.
    """

    top: int
    left: int
    height: int
    width: int


def prepare_slice(
    image: NDArray[np.uint8], settings: PreprocessingSettings
) -> tuple[NDArray[np.uint8], Box]:
    """Crop and resize a slice for the network.

    Parameters
    ----------
    image
        Shape (H, W), gray, or (H, W, 3), RGB; uint8. Not modified.
    settings
        Side of the square, and what is done before: crop, stretch of the gray levels, padding.

    Returns
    -------
    tuple
        The prepared slice, shape (side, side, 3), uint8, and the part of `image` it shows.
    """
    height, width = image.shape[:2]
    levels = drop_equal_channels(image)
    box = find_head(take_gray(levels)) if settings.crop_to_head else Box(0, 0, height, width)
    part = levels[box.top : box.top + box.height, box.left : box.left + box.width]
    if settings.stretch_intensity:
        part = stretch_intensity(part)
    if settings.keep_aspect:
        part, box = pad_to_square(part, box)
    square = _resize(part, settings.side_px)
    return np.asarray(cv2.merge([square] * 3) if square.ndim == 2 else square, np.uint8), box


def drop_equal_channels(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give one channel, (H, W), of a picture, (H, W, 3), whose three are equal: it is less work.

    Other pictures, and those that are (H, W) already, are given as they are.
    """
    if image.ndim == 2:
        return image
    red, green, blue = cv2.split(image)
    is_gray = cv2.norm(red, green, cv2.NORM_INF) == 0 == cv2.norm(green, blue, cv2.NORM_INF)
    return np.asarray(red, np.uint8) if is_gray else image


def take_gray(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give a picture, (H, W) or (H, W, 3) in RGB, in gray, (H, W)."""
    if image.ndim == 2:
        return image
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)


def _resize(part: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Resize to a square: first by whole numbers, each block of pixels to its mean.

    That is much quicker than averaging at every ratio, and a picture that was decoded at half of
    its size becomes nearly the same.
    """
    factors = (max(round(length / side), 1) for length in part.shape[:2])
    small = shrink(part, *factors)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def shrink(image: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Average blocks of pixels; rows and columns left over at the end are cut off."""
    if rows == columns == 1:
        return image
    height, width = image.shape[0] // rows, image.shape[1] // columns
    whole = image[: height * rows, : width * columns]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def reduce_picture(image: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    """Reduce a picture to at most this many px on its longer side; a smaller one stays."""
    height, width = image.shape[:2]
    factor = side_px / max(height, width)
    if factor >= 1:
        return image
    size = (max(round(width * factor), 1), max(round(height * factor), 1))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def prepare_mask(mask_hw: NDArray[np.uint8], box: Box, side: int) -> NDArray[np.uint8]:
    """Crop and resize the mask of a slice as `prepare_slice` did with the slice.

    Parameters
    ----------
    mask_hw
        Shape (H, W), uint8, of the slice's size. Not modified.
    box
        The part of the slice that was prepared.
    side
        Of the result, (side, side), uint8; in between where a pixel lies across the border.
    """
    height, width = mask_hw.shape
    top, left = max(box.top, 0), max(box.left, 0)
    bottom, right = min(box.top + box.height, height), min(box.left + box.width, width)
    part = np.zeros((box.height, box.width), np.uint8)
    inside = mask_hw[top:bottom, left:right]
    part[top - box.top : bottom - box.top, left - box.left : right - box.left] = inside
    return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def pad_to_square(part: NDArray[np.uint8], box: Box) -> tuple[NDArray[np.uint8], Box]:
    """Put black on both shorter sides of a part of a slice, and widen its box alike."""
    longest = max(box.height, box.width)
    top, left = (longest - box.height) // 2, (longest - box.width) // 2
    square = np.zeros((longest, longest, *part.shape[2:]), np.uint8)
    square[top : top + box.height, left : left + box.width] = part
    return square, Box(box.top - top, box.left - left, longest, longest)


def stretch_intensity(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch the gray levels so that the 99.5th percentile is white and the 0.5th black."""
    low, high = np.percentile(image, (0.5, 99.5))
    if high <= low:
        return image
    stretched = (image - low) * (255 / (high - low))
    return np.asarray(np.clip(stretched, 0, 255), np.uint8)


def find_head(gray_hw: NDArray[np.uint8]) -> Box:
    """Find the rectangle around the head: the largest outline over half of Otsu's threshold.

    Parameters
    ----------
    gray_hw
        Shape (H, W), uint8. Not modified.

    Returns
    -------
    Box
        The head with a margin of 2 %, or the whole slice where no region is large enough.

    References
    ----------
    Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    height, width = gray_hw.shape
    factor = max(min(height, width) // _SEARCH_SIDE_PX, 1)
    small = cv2.GaussianBlur(shrink(gray_hw, factor, factor), (5, 5), 0)
    otsu, _ = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, bright = cv2.threshold(small, OTSU_FRACTION * otsu, 1, cv2.THRESH_BINARY)
    # A scalp is bright around a dark skull: what it encloses counts, not how many pixels it has.
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    largest = max(outlines, key=cv2.contourArea, default=None)
    left, top, wide, high = (0, 0, 0, 0) if largest is None else cv2.boundingRect(largest)
    if wide * high < _LEAST_HEAD_FRACTION * small.size:
        return Box(0, 0, height, width)
    margin = round(_MARGIN_FRACTION * factor * max(wide, high))
    first_row, first_column = max(top * factor - margin, 0), max(left * factor - margin, 0)
    last_row = min((top + high) * factor + margin, height)
    last_column = min((left + wide) * factor + margin, width)
    return Box(first_row, first_column, last_row - first_row, last_column - first_column)
