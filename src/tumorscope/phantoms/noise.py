"""Smooth random fields: the irregularity of outlines, textures, coils and gyri."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray


def draw_smooth_field(
    generator: np.random.Generator, shape_hw: tuple[int, int], cell_px: float
) -> NDArray[np.float32]:
    """Draw a random field without edges: coarse white noise, enlarged by cubic interpolation.

    Parameters
    ----------
    generator
        Source of the randomness.
    shape_hw
        Height and width of the field, px.
    cell_px
        Distance over which the field changes, px.

    Returns
    -------
    NDArray
        Shape (H, W), mean about 0, standard deviation a little below 1.
    """
    height, width = shape_hw
    cells_hw = (math.ceil(height / cell_px) + 1, math.ceil(width / cell_px) + 1)
    coarse_hw = generator.standard_normal(cells_hw, dtype=np.float32)
    field_hw = cv2.resize(coarse_hw, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field_hw, dtype=np.float32)
