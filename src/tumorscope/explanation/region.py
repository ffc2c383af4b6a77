"""The region that drove a decision for a tumor: a box and a contour, from the heatmap alone.

It says where the network found its evidence, not where a lesion ends.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.data.preprocessing import Box
from tumorscope.explanation.localization import REGION_FRACTION

REGION_NAME = "region that drove the decision"
_LINE_COLOR = (0, 200, 255)


@dataclass(frozen=True, eq=False)
class Region:
    """Where the evidence is at least half of its peak, around the peak.

    Attributes
    ----------
    box
        The rectangle around it, px of the slice.
    contour
        Its outline, shape (n, 2): x and y, px.
    """

    box: Box
    contour: NDArray[np.int32]

    def describe(self) -> dict[str, object]:
        """Give what JSON can hold."""
        return {"name": REGION_NAME, "box": self.box._asdict(), "contour": self.contour.tolist()}


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
    strong = (evidence_hw >= REGION_FRACTION * peak).astype(np.uint8)
    _, labels = cv2.connectedComponents(strong)
    row, column = np.unravel_index(evidence_hw.argmax(), evidence_hw.shape)
    around = (labels == labels[row, column]).astype(np.uint8)
    contours, _ = cv2.findContours(around, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contour = contours[0].reshape(-1, 2).astype(np.int32)
    left, top, width, height = cv2.boundingRect(contours[0])
    return Region(Box(top, left, height, width), contour)


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
        cv2.polylines(drawn, [region.contour], True, _LINE_COLOR, width)
    return drawn
