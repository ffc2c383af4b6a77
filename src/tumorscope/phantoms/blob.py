"""Shapes of lesions: an irregular outline, its soft edge, and the tissue it pushes away.

Depths are signed distances, mm: positive inside, negative outside.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.phantoms.grid import GRID_HW
from tumorscope.phantoms.noise import draw_smooth_field

_WOBBLE = 0.17  # irregularity of the outline, share of the radius
_WOBBLE_LIMIT = 0.5  # keeps the middle of every lesion whole
_WOBBLE_CELL = 0.7  # distance between bumps, share of the radius
_MOST_ELONGATION = 1.35
_EDGE_MM = (0.5, 2.0)
_PUSH = 0.35  # how far tissue moves at the edge of the mass, share of the radius
_PUSH_REACH = 1.3  # how far away it still moves, share of the radius
_SKULL_HOLD_MM = 15.0  # tissue this near to the skull moves less


def draw_outline(
    generator: np.random.Generator, center_yx: tuple[int, int], radius_mm: float
) -> NDArray[np.float32]:
    """Draw an irregular, slightly elongated outline; give each pixel's depth below it."""
    y, x = _measure_offsets(center_yx)
    angle = generator.uniform(0, np.pi)
    stretch = generator.uniform(1, _MOST_ELONGATION) ** 0.5
    along = (x * np.cos(angle) + y * np.sin(angle)) / stretch
    across = (y * np.cos(angle) - x * np.sin(angle)) * stretch
    bumps_hw = _WOBBLE * draw_smooth_field(generator, GRID_HW, _WOBBLE_CELL * radius_mm)
    reach_mm = radius_mm * (1 + np.clip(bumps_hw, -_WOBBLE_LIMIT, _WOBBLE_LIMIT))
    return np.asarray(reach_mm - np.hypot(along, across), dtype=np.float32)


def soften_outline(
    generator: np.random.Generator, depth_mm: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Share of each pixel inside an outline, 0..1, with an edge of random softness."""
    edge_mm = generator.uniform(*_EDGE_MM)
    return np.asarray(np.clip(depth_mm / (2 * edge_mm) + 0.5, 0, 1), dtype=np.float32)


def push_aside(
    image_hw: NDArray[np.float32],
    below_skull_mm: NDArray[np.float32],
    center_yx: tuple[int, int],
    radius_mm: float,
) -> NDArray[np.float32]:
    """Move the tissue around a mass outwards, but never the skull.

    Parameters
    ----------
    image_hw
        Shape (256, 256), signal of the head. Not modified.
    below_skull_mm
        Shape (256, 256), depth of each pixel below the inside of the skull.
    center_yx
        Row and column of the mass.
    radius_mm
        Radius of the mass.
    """
    y, x = _measure_offsets(center_yx)
    distance_mm = np.hypot(y, x)
    shift_mm = _PUSH * radius_mm * np.exp(-0.5 * (distance_mm / (_PUSH_REACH * radius_mm)) ** 2)
    shift_mm *= np.clip(below_skull_mm / _SKULL_HOLD_MM, 0, 1)
    pull = 1 - np.minimum(shift_mm / np.maximum(distance_mm, 1), 0.9)
    from_y = (y * pull + center_yx[0]).astype(np.float32)
    from_x = (x * pull + center_yx[1]).astype(np.float32)
    moved_hw = cv2.remap(image_hw, from_x, from_y, cv2.INTER_LINEAR)
    return np.asarray(moved_hw, dtype=np.float32)


def _measure_offsets(
    center_yx: tuple[int, int],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Measure rows and columns from a center, mm, ready to broadcast."""
    y, x = np.ogrid[: GRID_HW[0], : GRID_HW[1]]
    return (y - center_yx[0]).astype(np.float32), (x - center_yx[1]).astype(np.float32)
