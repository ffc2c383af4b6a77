"""Find images unlike the rest: photos, screenshots, negatives, sheets of film, pages of text.

The rule is cheap and plain. A few properties of the pixels are held against what a head slice
looks like (gray, one bright region on a dark background), and a few against the other images.
"""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

_SIDE_PX = 96
_CORNER_PX, _RIM_PX = 8, 3
_BLUR_PX = 3

# The red, green and blue of a pixel of a gray JPEG differ by less than this.
_COLORED, _LEAST_COLORED = 16, 0.01
_LIGHT_CORNER, _GRAY_CORNER = 180, 45
_BRIGHT, _LEAST_BRIGHT_RIM = 180, 0.3
# As for the head that preprocessing crops to.
_OTSU_FRACTION = 0.5
_LEAST_LIT = 0.15
_LEAST_LARGEST = 0.45

_MAD_TO_DEVIATION = 1.4826
_FARTHEST = 5.0


class PictureFeatures(NamedTuple):
    """Properties of one image, measured on a copy of 96 x 96 px.

    Attributes
    ----------
    colored
        Share of pixels that are not gray.
    corner
        Gray level that two of the four corners reach, 0..255.
    bright_rim
        Share of the outermost pixels that are bright.
    lit
        Share of pixels that are not background.
    largest
        Share of these that belong to the largest connected region.
    brightness, contrast
        Mean and standard deviation of the gray levels.
    detail
        Mean gradient, in gray levels per pixel.
    shape
        Width divided by height, of the image itself.
    """

    colored: float
    corner: float
    bright_rim: float
    lit: float
    largest: float
    brightness: float
    contrast: float
    detail: float
    shape: float


class _Comparable(NamedTuple):
    """A property that is compared with the other images: how it is called, its least deviation."""

    words: str
    least_deviation: float
    spec: str


_COMPARABLE = {
    "brightness": _Comparable("brightness", 10.0, ".0f"),
    "contrast": _Comparable("contrast", 6.0, ".0f"),
    "detail": _Comparable("detail", 5.0, ".0f"),
    "shape": _Comparable("width : height", 0.06, ".2f"),
}


class _Sign(NamedTuple):
    """Something unusual: which rows show it, and how to say it of one of them."""

    is_odd: NDArray[np.bool_]
    say: Callable[[int], str]


def measure_picture(image: NDArray[np.uint8]) -> PictureFeatures:
    """Measure what `find_outliers` needs to know about an image.

    Parameters
    ----------
    image
        Shape (H, W, 3), uint8, RGB. Not modified.
    """
    height, width = image.shape[:2]
    small = cv2.resize(image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.uint8)
    red, green, blue = cv2.split(small)
    spread = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    lit, largest = _measure_regions(gray)
    slope_x, slope_y = (cv2.Sobel(gray, cv2.CV_32F, *axis) / 4 for axis in ((1, 0), (0, 1)))
    rim = np.ones(gray.shape, bool)
    rim[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX] = False
    return PictureFeatures(
        colored=float((spread > _COLORED).mean()),
        corner=_measure_corner(gray),
        bright_rim=float((gray[rim] > _BRIGHT).mean()),
        lit=lit,
        largest=largest,
        brightness=float(gray.mean()),
        contrast=float(gray.std()),
        detail=float(cv2.magnitude(slope_x, slope_y).mean()),
        shape=width / height,
    )


def find_outliers(features: pd.DataFrame) -> dict[int, str]:
    """Find the images that look unlike a head slice or unlike the other images.

    Parameters
    ----------
    features
        One row per image with the columns of `PictureFeatures`. Not modified.

    Returns
    -------
    dict
        For each row, counted from 0, with anything unusual: the reasons, joined by semicolons.

    References
    ----------
    Iglewicz & Hoaglin, "How to detect and handle outliers", 1993, for the deviation from the
    median in units of the median absolute deviation.
    """
    colored, corner, rim, lit, largest, *_ = (
        features[name].to_numpy(dtype=float) for name in PictureFeatures._fields
    )
    is_light = corner >= _LIGHT_CORNER
    signs = [
        _Sign(colored >= _LEAST_COLORED, lambda row: f"{_percent(colored[row])} of it is in color"),
        _Sign(is_light, lambda _: "light background"),
        _Sign(
            (corner >= _GRAY_CORNER) & ~is_light,
            lambda row: f"background not dark (gray level {corner[row]:.0f} in its corners)",
        ),
        _Sign(
            (rim >= _LEAST_BRIGHT_RIM) & ~is_light,
            lambda row: f"{_percent(rim[row])} of its border is bright",
        ),
        _Sign(
            lit < _LEAST_LIT,
            lambda row: f"only {_percent(lit[row])} of it is not background",
        ),
        _Sign(largest < _LEAST_LARGEST, lambda _: "several separate bright regions"),
        *(
            _compare(features[name].to_numpy(dtype=float), property_)
            for name, property_ in _COMPARABLE.items()
        ),
    ]
    unusual = np.flatnonzero(np.any([sign.is_odd for sign in signs], axis=0)).tolist()
    return {row: "; ".join(sign.say(row) for sign in signs if sign.is_odd[row]) for row in unusual}


def _compare(values: NDArray[np.float64], property_: _Comparable) -> _Sign:
    """Compare a property with its median over all images."""
    words, least_deviation, spec = property_
    median = float(np.median(values))
    distance = np.abs(values - median)
    deviation = max(_MAD_TO_DEVIATION * float(np.median(distance)), least_deviation)
    return _Sign(
        distance > _FARTHEST * deviation,
        lambda row: f"{words} {values[row]:{spec}} (median {median:{spec}})",
    )


def _measure_corner(gray: NDArray[np.uint8]) -> float:
    """Measure the gray level that two of the four corners reach."""
    side = _CORNER_PX
    corners = (gray[:side, :side], gray[:side, -side:], gray[-side:, :side], gray[-side:, -side:])
    return sorted(float(np.median(corner)) for corner in corners)[-2]


def _measure_regions(gray: NDArray[np.uint8]) -> tuple[float, float]:
    """Measure the share of pixels that are not background, and how much of it is one region."""
    smooth = cv2.GaussianBlur(gray, (_BLUR_PX, _BLUR_PX), 0)
    otsu, _ = cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    is_lit = (smooth > _OTSU_FRACTION * otsu).astype(np.uint8)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(is_lit, connectivity=8)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    lit = float(is_lit.mean())
    return lit, float(areas.max() / areas.sum()) if len(areas) else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
