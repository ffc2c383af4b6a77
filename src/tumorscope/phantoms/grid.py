"""The grid on which anatomy and lesions are drawn, and distances on it."""

import cv2
import numpy as np
from numpy.typing import NDArray

GRID_HW = (256, 256)
"""Height and width of the grid; one pixel is 1 mm."""


def measure_depth(region_hw: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Measure how deep each pixel lies below the border of a region, mm; negative outside."""
    inside_mm, outside_mm = (
        np.asarray(cv2.distanceTransform(part_hw.astype(np.uint8), cv2.DIST_L2, 5), np.float32)
        for part_hw in (region_hw, ~region_hw)
    )
    return inside_mm - outside_mm
