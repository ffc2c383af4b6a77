"""Which slices of a series show air, neck or a vertex, and little brain: a rule from pixels."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

NO_BRAIN = "little or no brain here, by the other slices of the series"
SIDE_IN_SERIES_PX = 256
"""The longer side, at most, of the pictures of a series, of which many are held."""

# The head of a slice that votes, against the largest of its series.
_LEAST_HEAD = 0.35


def find_without_brain(grays: Sequence[NDArray[np.uint8]]) -> list[bool]:
    """Find the slices of a series with little or no brain.

    Parameters
    ----------
    grays
        All slices of the series in order, each (H, W), uint8, reduced to `SIDE_IN_SERIES_PX`. Not
        modified.

    Returns
    -------
    list
        Whether the bright part of each (over half of Otsu's threshold of the middle half of the
        series, in all slices alike) is smaller than 35 % of the largest in the series.
    """
    areas = _measure_bright_parts(grays)
    return [area < _LEAST_HEAD * max(areas) for area in areas]


def _measure_bright_parts(grays: Sequence[NDArray[np.uint8]]) -> list[float]:
    """Measure the share of each slice that is brighter than one level for the whole series."""
    quarter = len(grays) // 4
    middle = np.concatenate([gray.ravel() for gray in grays[quarter : len(grays) - quarter]])
    otsu, _ = cv2.threshold(middle, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return [float((gray > otsu / 2).mean()) for gray in grays]
