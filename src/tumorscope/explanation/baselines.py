"""Maps that know nothing of a tumor: what a heatmap has to beat."""

import cv2
import numpy as np
from numpy.typing import NDArray

Slices = NDArray[np.uint8]
Maps = NDArray[np.float32]

_RANDOM_SIDE = 7
_BLUR = 0.05  # standard deviation, as a share of the side


def draw_center(slices: Slices) -> Maps:
    """Fall from the center of each slice, (N, side, side, 3), to its corners: (N, side, side)."""
    along = np.linspace(-1, 1, slices.shape[1], dtype=np.float32)
    falling = np.exp(-(along[:, np.newaxis] ** 2 + along**2) / 0.5)
    return np.repeat(falling[np.newaxis], len(slices), axis=0)


def blur_brightness(slices: Slices) -> Maps:
    """Blur the gray values of slices, (N, side, side, 3): lesions are often bright."""
    gray = slices.mean(axis=-1, dtype=np.float32)
    return np.stack([cv2.GaussianBlur(one, (0, 0), _BLUR * one.shape[0]) for one in gray])


def draw_random(slices: Slices) -> Maps:
    """Draw uniform noise of 7 x 7 for each of N slices; the same slice gets the same noise."""
    maps = [
        np.random.default_rng(int(one.sum(dtype=np.int64))).random((_RANDOM_SIDE,) * 2, np.float32)
        for one in slices
    ]
    return np.stack(maps)
