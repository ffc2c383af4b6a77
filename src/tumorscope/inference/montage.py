"""Tell a picture that shows several slices, as a film sheet does, from one slice."""

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.preprocessing import OTSU_FRACTION, Box

# Chosen on the public slices, and montages made of them; docs/guard.md says how well they do.
_LEAST_AREA = 0.3  # of the largest head; a piece of scalp, an eye and a scale bar are smaller
_LEAST_SIDE = 0.5  # of the other head's; a shoulder is as large as a head, but wide and low
_LEAST_SOLIDITY = 0.8  # of its convex hull; a nose and cheeks cut off from the skull are ragged
_MOST_RECTANGULAR = 0.95  # of its box; a white margin fills it
_LEAST_SHARE = 0.03  # of the picture; what is smaller is a head only where there are many
_MANY = 6
_MOST_UNEVEN = 24  # gray levels along a line between panels


def shows_several_heads(gray_hw: NDArray[np.uint8]) -> bool:
    """Tell whether at least two heads lie side by side, or one above the other.

    A head is a bright region that is large beside the largest, about as wide and high as another
    one, without dents and no rectangle. Heads that touch are seen as one.

    Parameters
    ----------
    gray_hw
        Shape (H, W), uint8; some 100 px are enough. Not modified.
    """
    blurred = np.asarray(cv2.GaussianBlur(gray_hw, (5, 5), 0), np.uint8)
    otsu, _ = cv2.threshold(blurred, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, mask = cv2.threshold(blurred, OTSU_FRACTION * otsu, 1, cv2.THRESH_BINARY)
    bright = np.asarray(mask, np.uint8)
    _clear_lines(bright, gray_hw, otsu)
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if len(outlines) < 2:
        return False
    areas = [cv2.contourArea(outline) for outline in outlines]
    least = max(_LEAST_AREA * max(areas), 1)
    heads = [
        Box(top, left, height, width)
        for outline, area in zip(outlines, areas, strict=True)
        if area >= least and area >= _LEAST_SOLIDITY * cv2.contourArea(cv2.convexHull(outline))
        for left, top, width, height in [cv2.boundingRect(outline)]
        if area <= _MOST_RECTANGULAR * width * height
    ]
    if max(areas) < _LEAST_SHARE * gray_hw.size and len(heads) < _MANY:
        return False
    return any(_are_apart(*pair) and _are_alike(*pair) for pair in combinations(heads, 2))


def _clear_lines(bright: NDArray[np.uint8], gray_hw: NDArray[np.uint8], otsu: float) -> None:
    """Clear rows and columns that are white from end to end, which join what they divide."""
    for axis, ends in ((0, gray_hw[0]), (1, gray_hw[:, 0])):
        if ends.max() <= otsu:  # as in most pictures
            continue
        lines = np.flatnonzero(gray_hw.min(axis) > otsu)
        if len(lines):
            spread = np.ptp(gray_hw.take(lines, 1 - axis), axis)
            for line in lines[spread <= _MOST_UNEVEN]:
                around = slice(max(line - 2, 0), line + 3)  # the blur has widened it by two
                bright[(slice(None), around) if axis == 0 else around] = 0


def _are_apart(one: Box, other: Box) -> bool:
    return (
        one.left >= other.left + other.width
        or other.left >= one.left + one.width
        or one.top >= other.top + other.height
        or other.top >= one.top + one.height
    )


def _are_alike(one: Box, other: Box) -> bool:
    return all(
        min(sides) >= _LEAST_SIDE * max(sides)
        for sides in ((one.width, other.width), (one.height, other.height))
    )
