"""Lay a heatmap over the slice it belongs to."""

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.preprocessing import Box

Heatmap = Literal["Grad-CAM", "lesion map"]
"""What a heatmap shows: evidence for a tumor, or the probability of a lesion, at each position."""

_STRONGEST_OPACITY = 0.7
_COLORS = cv2.COLORMAP_INFERNO


def project_map(
    cam_hw: NDArray[np.float32], box: Box, image_hw: tuple[int, int]
) -> NDArray[np.float32]:
    """Bring a map to the size and place of the slice, keeping only evidence for a tumor.

    Where the curve through the positions rises above all of them, the whole is scaled down to their
    peak: cut off there, the peak would be a plain without a highest point.

    Parameters
    ----------
    cam_hw
        The map over `box`, shape (h, w); that of Grad-CAM is signed. Not modified.
    box
        The part of the slice that the network saw; padding reaches beyond the slice.
    image_hw
        Height and width of the slice, px.

    Returns
    -------
    numpy.ndarray
        Shape (H, W), float32, from 0 to the peak of `cam_hw`, in its unit; 0 outside the box.
    """
    evidence = np.zeros(image_hw, np.float32)
    enlarged = cv2.resize(cam_hw, (box.width, box.height), interpolation=cv2.INTER_CUBIC)
    peak, highest = float(cam_hw.max()), float(enlarged.max())
    if 0 < peak < highest:
        enlarged = enlarged * np.float32(peak / highest)
    top, left = max(box.top, 0), max(box.left, 0)
    inside = enlarged[top - box.top :, left - box.left :][: image_hw[0] - top, : image_hw[1] - left]
    evidence[top : top + inside.shape[0], left : left + inside.shape[1]] = np.clip(
        inside, 0, max(peak, 0)
    )
    return evidence


def blend(
    image: NDArray[np.uint8], evidence_hw: NDArray[np.float32], scale: float
) -> NDArray[np.uint8]:
    """Color a slice by evidence: nothing where there is none, so that faint stays faint.

    Parameters
    ----------
    image
        Shape (H, W, 3), uint8, RGB. Not modified.
    evidence_hw
        Shape (H, W), float32, at least 0.
    scale
        The evidence that gets the strongest color, the same for every slice of a model.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB.
    """
    strength = np.clip(evidence_hw / scale, 0, 1)
    opacity = _STRONGEST_OPACITY * strength[..., np.newaxis]
    mixed = image * (1 - opacity) + color(strength) * opacity
    return np.asarray(mixed.round(), np.uint8)


def color(strength: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Give the color of each strength in 0..1: shape (H, W) to (H, W, 3), uint8, RGB."""
    levels = (strength * 255).round().astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(levels, _COLORS), cv2.COLOR_BGR2RGB).astype(np.uint8)
