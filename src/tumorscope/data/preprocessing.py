"""From a slice of any size to the square that the network takes."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.recipe import PreprocessingSettings

# Otsu's threshold itself may divide a bright lesion from the head instead of the head from air.
_OTSU_FRACTION = 0.5
# A head that fills less of the picture than this is not believed; the whole slice is used.
_LEAST_HEAD_FRACTION = 0.15
_MARGIN_FRACTION = 0.02


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
        Shape (H, W, 3), uint8, RGB. Not modified.
    settings
        Side of the square, and what is done before: crop, stretch of the gray levels, padding.

    Returns
    -------
    tuple
        The prepared slice, shape (side, side, 3), uint8, and the part of `image` it shows.
    """
    height, width = image.shape[:2]
    box = find_head(image) if settings.crop_to_head else Box(0, 0, height, width)
    part = image[box.top : box.top + box.height, box.left : box.left + box.width]
    if settings.stretch_intensity:
        part = stretch_intensity(part)
    side = settings.side_px
    if settings.keep_aspect:
        part, box = pad_to_square(part, box)
    shrinks = box.height >= side and box.width >= side
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(part, (side, side), interpolation=interpolation).astype(np.uint8), box


def pad_to_square(part: NDArray[np.uint8], box: Box) -> tuple[NDArray[np.uint8], Box]:
    """Put black on both shorter sides of a part of a slice, and widen its box alike."""
    longest = max(box.height, box.width)
    top, left = (longest - box.height) // 2, (longest - box.width) // 2
    square = np.zeros((longest, longest, 3), np.uint8)
    square[top : top + box.height, left : left + box.width] = part
    return square, Box(box.top - top, box.left - left, longest, longest)


def stretch_intensity(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stretch the gray levels so that the 99.5th percentile is white and the 0.5th black."""
    low, high = np.percentile(image, (0.5, 99.5))
    if high <= low:
        return image
    stretched = (image - low) * (255 / (high - low))
    return np.asarray(np.clip(stretched, 0, 255), np.uint8)


def find_head(image: NDArray[np.uint8]) -> Box:
    """Find the rectangle around the head: the largest region over half of Otsu's threshold.

    Parameters
    ----------
    image
        Shape (H, W, 3), uint8, RGB. Not modified.

    Returns
    -------
    Box
        The head with a margin of 2 %, or the whole slice where no region is large enough.

    References
    ----------
    Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    height, width = image.shape[:2]
    gray = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (5, 5), 0)
    otsu, _ = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, bright = cv2.threshold(gray, _OTSU_FRACTION * otsu, 1, cv2.THRESH_BINARY)
    # Where 16 bits hold all labels, they are quicker; no region has fewer than 4 px to itself.
    kind = cv2.CV_16U if (height // 2 + 1) * (width // 2 + 1) < 2**16 else cv2.CV_32S
    _, _, statistics, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        bright, 8, kind, cv2.CCL_BOLELLI
    )
    regions = statistics[1:]  # the first is the background
    if len(regions) == 0:
        return Box(0, 0, height, width)
    left, top, region_width, region_height, _ = (
        int(value) for value in regions[regions[:, cv2.CC_STAT_AREA].argmax()]
    )
    if region_width * region_height < _LEAST_HEAD_FRACTION * width * height:
        return Box(0, 0, height, width)
    margin = round(_MARGIN_FRACTION * max(region_width, region_height))
    first_row, first_column = max(top - margin, 0), max(left - margin, 0)
    last_row = min(top + region_height + margin, height)
    last_column = min(left + region_width + margin, width)
    return Box(first_row, first_column, last_row - first_row, last_column - first_column)
