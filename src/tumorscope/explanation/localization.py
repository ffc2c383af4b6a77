"""How well a heatmap finds a lesion that was outlined by hand: arrays in, numbers out.

All figures of one map are for evidence at the size and place of the slice, as `project_map` gives
it. A map that is the same wherever the network looked, or 0 everywhere, gets in all of them what
pure chance would: its peak lies anywhere there, its energy inside the mask is the mask's share.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.preprocessing import Box

# A region is where the evidence is at least this part of its peak.
REGION_FRACTION = 0.5
# Of the peak, in decimals: resizing is not exact, and must not rank what is equal.
_DECIMALS = 5


class Localization(NamedTuple):
    """How one map found one lesion. All but `distance` and `energy_ratio` are within [0, 1].

    Attributes
    ----------
    pointing
        1 where the peak lies inside the mask, 0 where it does not; no tolerance. Of several
        equal peaks, the part of them that lies inside.
    energy
        The part of all evidence that lies inside the mask.
    energy_ratio
        `energy` divided by the mask's share of the area that the network saw: 1 is chance. 0 where
        it saw nothing of the mask.
    average_precision
        Of the pixels, ranked by their evidence.
    iou, dice
        Overlap of the mask with the region of at least half of the peak's evidence.
    best_iou, best_dice
        The same at the threshold that suits this very slice best; an upper bound.
    distance
        From the peak to the nearest pixel of the mask, in per cent of the head's larger side.
    """

    pointing: float
    energy: float
    energy_ratio: float
    average_precision: float
    iou: float
    dice: float
    best_iou: float
    best_dice: float
    distance: float


def measure_localization(
    evidence_hw: NDArray[np.float32], mask_hw: NDArray[np.bool_], seen: Box, head: Box
) -> Localization:
    """Measure how well a map finds what a mask encloses.

    Parameters
    ----------
    evidence_hw
        Shape (H, W), float32, at least 0: evidence for a tumor, none outside `seen`. Not modified.
    mask_hw
        Shape (H, W), bool. Not modified.
    seen
        The part of the slice that the network saw: the area that the mask has a share of.
    head
        Its larger side is what distances are given in.

    Raises
    ------
    InputError
        The shapes differ, the mask is empty, or evidence is negative or not finite.

    References
    ----------
    Zhang et al., "Top-down Neural Attention by Excitation Backprop", 2018 (pointing game; there
    with a tolerance of 15 px). Wang et al., "Score-CAM", 2020 (energy inside the mask).
    """
    _check(evidence_hw, mask_hw)
    seen_hw = _fill(seen, mask_hw.shape)
    strength_hw = np.round(evidence_hw / evidence_hw.max(), _DECIMALS) if evidence_hw.any() else (
        seen_hw.astype(np.float32)
    )  # fmt: skip
    share = float(mask_hw[seen_hw].mean())
    energy = float(strength_hw[mask_hw].sum(dtype=np.float64) / strength_hw.sum(dtype=np.float64))
    is_peak_hw = strength_hw == 1
    iou, dice = _overlap(strength_hw >= REGION_FRACTION, mask_hw)
    average_precision, best_iou = _rank_pixels(strength_hw, mask_hw)
    away_hw = cv2.distanceTransform((~mask_hw).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return Localization(
        pointing=float(mask_hw[is_peak_hw].mean()),
        energy=energy,
        energy_ratio=energy / share if share > 0 else 0.0,
        average_precision=average_precision,
        iou=iou,
        dice=dice,
        best_iou=best_iou,
        best_dice=2 * best_iou / (1 + best_iou),
        distance=100 * float(away_hw[is_peak_hw].mean()) / max(head.height, head.width),
    )


def _check(evidence_hw: NDArray[np.float32], mask_hw: NDArray[np.bool_]) -> None:
    if evidence_hw.shape != mask_hw.shape:
        raise InputError(f"a map of {evidence_hw.shape} and a mask of {mask_hw.shape} pixels")
    if not mask_hw.any():
        raise InputError("the mask is empty; leave out slices without an outline")
    if not np.isfinite(evidence_hw).all() or evidence_hw.min() < 0:
        raise InputError("evidence has to be finite and at least 0; use project_map")


def _fill(box: Box, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark the pixels of a slice inside a box, which may reach beyond the slice."""
    filled_hw = np.zeros(shape, np.bool_)
    rows = slice(max(box.top, 0), max(box.top + box.height, 0))
    columns = slice(max(box.left, 0), max(box.left + box.width, 0))
    filled_hw[rows, columns] = True
    return filled_hw


def _overlap(region_hw: NDArray[np.bool_], mask_hw: NDArray[np.bool_]) -> tuple[float, float]:
    shared = int((region_hw & mask_hw).sum())
    both = int(region_hw.sum()) + int(mask_hw.sum())
    return shared / (both - shared), 2 * shared / both


def _rank_pixels(
    strength_hw: NDArray[np.float32], mask_hw: NDArray[np.bool_]
) -> tuple[float, float]:
    """Compute the average precision of pixels, and the best overlap over all thresholds."""
    strength = strength_hw.ravel()
    order = np.argsort(-strength)
    falling = strength[order]
    is_last = np.append(falling[1:] != falling[:-1], True)  # equal pixels are called together
    called = np.flatnonzero(is_last) + 1
    hits = np.cumsum(mask_hw.ravel()[order])[is_last]
    found = np.diff(hits, prepend=0) / hits[-1]
    average_precision = float((hits / called * found).sum())
    return average_precision, float((hits / (called + hits[-1] - hits)).max())
