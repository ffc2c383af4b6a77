"""Bright and harmless: vessels and white-matter spots, drawn alike for both classes.

Without them "something bright" would be the answer, and a classifier could ignore shapes.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.phantoms.anatomy import Head, Tissue
from tumorscope.phantoms.contrast import Contrast
from tumorscope.phantoms.grid import GRID_HW

_SUBPIXEL_BITS = 4  # OpenCV draws at 1/16 px when coordinates are fixed-point integers
_VESSEL_COUNT = (2, 9)
_VESSEL_STRENGTH = (0.5, 1.0)
_VESSEL_WIDTHS_MM = (1, 2)
_CURVE_STEPS = (3, 7)
_CURVE_STEP_MM = 3.0
_CURVE_TURN_RAD = 0.5
_DOT_MM = 0.8
_SPOT_COUNT = (0, 8)
_SPOT_STRENGTH = (0.45, 1.0)
_SPOT_RADIUS_MM = (0.8, 2.4)
_SPOT_BLUR_MM = 0.6


def paint_distractors(
    image_hw: NDArray[np.float32],
    head: Head,
    contrast: Contrast,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Give a copy of the image with vessels around and spots inside the white matter."""
    white_hw = head.tissue_hwc[..., Tissue.WHITE_MATTER] > 0.8
    vessels_hw = _draw_vessels(generator, head.cavity_hw & ~white_hw)
    spots_hw = _draw_spots(generator, white_hw)
    image_hw = image_hw + vessels_hw * (contrast.vessel - image_hw)
    return image_hw + spots_hw * (contrast.spot - image_hw)


def _draw_vessels(
    generator: np.random.Generator, where_hw: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Draw the share of each pixel that a vessel fills."""
    canvas_hw = np.zeros(GRID_HW, dtype=np.uint8)
    for start_xy in _draw_places(generator, where_hw, _VESSEL_COUNT):
        cv2.polylines(
            canvas_hw,
            [_to_fixed_point(_draw_course(generator, start_xy))],
            isClosed=False,
            color=round(255 * generator.uniform(*_VESSEL_STRENGTH)),
            thickness=int(generator.choice(_VESSEL_WIDTHS_MM)),
            lineType=cv2.LINE_AA,
            shift=_SUBPIXEL_BITS,
        )
    return np.where(where_hw, canvas_hw, 0).astype(np.float32) / np.float32(255)


def _draw_course(generator: np.random.Generator, start_xy: NDArray[np.intp]) -> NDArray[np.float64]:
    """Draw a dot, where a vessel crosses the slice, or a curve, where it runs along it."""
    is_dot = generator.random() < 0.5
    step_mm = _DOT_MM if is_dot else _CURVE_STEP_MM
    step_count = 1 if is_dot else generator.integers(*_CURVE_STEPS, endpoint=True)
    turns = generator.normal(0, _CURVE_TURN_RAD, step_count)
    angles = generator.uniform(0, 2 * np.pi) + np.cumsum(turns)
    path_xy = step_mm * np.cumsum([np.cos(angles), np.sin(angles)], axis=1).T
    return np.concatenate([[start_xy], start_xy + path_xy])


def _draw_spots(generator: np.random.Generator, where_hw: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Draw the share of each pixel that a white-matter spot fills."""
    canvas_hw = np.zeros(GRID_HW, dtype=np.uint8)
    for center_xy in _draw_places(generator, where_hw, _SPOT_COUNT):
        cv2.ellipse(
            canvas_hw,
            _to_fixed_point(center_xy).tolist(),
            _to_fixed_point(generator.uniform(*_SPOT_RADIUS_MM, 2)).tolist(),
            angle=generator.uniform(0, 180),
            startAngle=0,
            endAngle=360,
            color=round(255 * generator.uniform(*_SPOT_STRENGTH)),
            thickness=cv2.FILLED,
            lineType=cv2.LINE_AA,
            shift=_SUBPIXEL_BITS,
        )
    blurred_hw = cv2.GaussianBlur(canvas_hw, (0, 0), _SPOT_BLUR_MM)
    return np.asarray(blurred_hw, dtype=np.float32) / np.float32(255)


def _draw_places(
    generator: np.random.Generator, where_hw: NDArray[np.bool_], count_range: tuple[int, int]
) -> NDArray[np.intp]:
    """Draw a number of random places, shape (count, 2), column and row."""
    places_yx = np.argwhere(where_hw)
    count = generator.integers(*count_range, endpoint=True)
    return places_yx[generator.integers(len(places_yx), size=count), ::-1]


def _to_fixed_point(values: NDArray[np.intp] | NDArray[np.float64]) -> NDArray[np.int32]:
    return np.asarray(np.round(values * 2**_SUBPIXEL_BITS), dtype=np.int32)
