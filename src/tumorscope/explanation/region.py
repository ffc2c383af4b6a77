"""The region that drove a decision for a tumor: a box and a contour, from the heatmap alone.

It says where the network found its evidence, not where a lesion ends.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.explanation.localization import REGION_FRACTION
from tumorscope.preprocessing import Box

REGION_NAME = "region that drove the decision"
_LINE_COLOR = (0, 200, 255)
_AROUND = 2


@dataclass(frozen=True)
class Region:
    """Where the evidence is at least half of its peak, around the peak.

    Attributes
    ----------
    box
        The rectangle around it, px of the slice.
    contour
        Its outline to within a pixel: x and y, px, of each corner.
    height, width
        Of the slice, px.
    """

    box: Box
    contour: tuple[tuple[int, int], ...]
    height: int
    width: int

    def describe(self) -> dict[str, object]:
        """Give what JSON can hold."""
        return {
            "name": REGION_NAME,
            "box": self.box._asdict(),
            "contour": self.contour,
            "picture": {"height": self.height, "width": self.width},
        }


def find_region(evidence_hw: NDArray[np.float32]) -> Region | None:
    """Find the connected region of at least half of the peak's evidence that holds the peak.

    Parameters
    ----------
    evidence_hw
        Shape (H, W), float32, at least 0, as `project_map` gives it. Not modified.

    Returns
    -------
    Region or None
        None where there is no evidence.
    """
    peak = float(evidence_hw.max())
    if peak <= 0:
        return None
    height, width = evidence_hw.shape
    row, column = divmod(int(evidence_hw.argmax()), width)
    marked = (evidence_hw >= REGION_FRACTION * peak).astype(np.uint8)
    cv2.floodFill(marked, None, (column, row), _AROUND, flags=8)
    around = (marked == _AROUND).astype(np.uint8)
    (outline,), _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    left, top, box_width, box_height = cv2.boundingRect(outline)
    corners = cv2.approxPolyDP(outline, 1, True).reshape(-1, 2).tolist()
    contour = tuple((x, y) for x, y in corners)
    return Region(Box(top, left, box_height, box_width), contour, height, width)


def draw_region(image: NDArray[np.uint8], evidence_hw: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw the line around the region that drove a decision, where there is one.

    Parameters
    ----------
    image
        Shape (H, W, 3), uint8, RGB. Not modified.
    evidence_hw
        Shape (H, W), float32, at least 0. Not modified.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB.
    """
    drawn = image.copy()
    region = find_region(evidence_hw)
    if region is not None:
        width = max(round(max(image.shape[:2]) / 200), 1)
        cv2.polylines(drawn, [np.array(region.contour)], True, _LINE_COLOR, width)
    return drawn
