"""Decide whether two slices show the same picture, pixel by pixel, after aligning them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import orient
from tumorscope.copies.thumbnails import FRAME_SIDE_PX, Gray

# Between the copies (0.88 and more) and the different slices (0.76 at most) of the two public
# datasets; docs/audit.md has the measurement.
LEAST_CORRELATION = 0.86

# Details of 0.7 px and more count, brightness over more than 3.3 px does not.
_DETAIL_PX, _SURROUNDINGS_PX = 0.7, 3.3
_CONTRAST = 40.0
_FAINTEST = 6.0
_ITERATIONS, _PRECISION, _SMOOTHING_PX = 30, 1e-4, 5
_LEAST_OVERLAP = 0.6
# Copies keep their angle; another slice of a similar head fits best when turned a little.
_LARGEST_TURN = 0.02
# On less of the frame than this there is too little pattern to tell pictures apart.
_VISIBLE_CONTRAST, _LEAST_PATTERN = 3.5, 0.4
_EVERYWHERE = np.ones((FRAME_SIDE_PX, FRAME_SIDE_PX), np.uint8)

Pattern = NDArray[np.float32]


class Comparison(NamedTuple):
    """How alike the patterns of two frames are.

    `correlation` is Pearson's, over what both show; `is_comparable` is false where they have
    too little pattern, overlap too little, or would have to be turned to fit.
    """

    correlation: float
    is_comparable: bool

    @property
    def is_copy(self) -> bool:
        """Whether they show the same picture."""
        return self.is_comparable and self.correlation >= LEAST_CORRELATION


def compare_frames(first: Gray, second: Gray, orientation: int) -> Comparison:
    """Compare the patterns of two frames, the first in an orientation, aligned to each other.

    Skull and background are alike in all heads. So each frame is first divided by its local
    contrast, which leaves the pattern of sulci, vessels and noise, and is nearly blind to
    brightness, contrast and sharpening. An affine transform then makes up for crops and scales.

    Parameters
    ----------
    first, second
        Shape (64, 64), uint8, from `cut_frames`. Not modified.
    orientation
        How `first` is turned before it is compared.

    References
    ----------
    Evangelidis & Psarakis, "Parametric image alignment using enhanced correlation coefficient
    maximization", 2008.
    """
    fixed, moving = _normalize(orient(first, orientation)), _normalize(second)
    to_moving = _align(fixed.pattern, moving.pattern)
    size, flags = (FRAME_SIDE_PX, FRAME_SIDE_PX), cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(moving.pattern, to_moving, size, flags=flags).astype(np.float32)
    shared = cv2.warpAffine(_EVERYWHERE, to_moving, size, flags=flags) > 0.99
    visible = fixed.is_visible * cv2.warpAffine(moving.is_visible, to_moving, size, flags=flags)
    is_comparable = (
        shared.mean() >= _LEAST_OVERLAP
        and visible.mean() >= _LEAST_PATTERN
        and max(abs(to_moving[0, 1]), abs(to_moving[1, 0])) <= _LARGEST_TURN
    )
    return Comparison(_correlate(fixed.pattern, aligned, shared), bool(is_comparable))


def correlate_unaligned(first: Gray, second: Gray, orientation: int) -> float:
    """Correlate the patterns of two frames as they lie: low where the framing differs.

    Parameters
    ----------
    first, second, orientation
        As for `compare_frames`.
    """
    fixed, moving = _normalize(orient(first, orientation)), _normalize(second)
    return _correlate(fixed.pattern, moving.pattern, _EVERYWHERE > 0)


def align_frames(first: Gray, second: Gray, orientation: int) -> NDArray[np.float32]:
    """Find the affine transform, shape (2, 3), from places in the first frame to the second's.

    Parameters
    ----------
    first, second, orientation
        As for `compare_frames`.
    """
    fixed, moving = _normalize(orient(first, orientation)), _normalize(second)
    return _align(fixed.pattern, moving.pattern)


def _align(fixed: Pattern, moving: Pattern) -> NDArray[np.float32]:
    """Find the affine transform, shape (2, 3), from places in one frame to the other's."""
    transform = np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _ITERATIONS, _PRECISION)
    try:
        cv2.findTransformECC(
            fixed, moving, transform, cv2.MOTION_AFFINE, criteria, _EVERYWHERE, _SMOOTHING_PX
        )
    except cv2.error:  # it did not converge
        return np.eye(2, 3, dtype=np.float32)
    return transform if np.isfinite(transform).all() else np.eye(2, 3, dtype=np.float32)


class _Normalized(NamedTuple):
    pattern: Pattern
    is_visible: Gray


def _normalize(frame: NDArray[np.generic]) -> _Normalized:
    """Divide the detail of a frame by its local contrast, and say where there is any."""
    gray = frame.astype(np.float32)
    gray *= _CONTRAST / max(float(gray.std()), 1.0)
    detail = _blur(gray, _DETAIL_PX)
    detail = detail - _blur(detail, _SURROUNDINGS_PX)
    contrast = np.sqrt(_blur(detail * detail, _SURROUNDINGS_PX) + _FAINTEST)
    is_visible = (contrast > _VISIBLE_CONTRAST).astype(np.uint8)
    return _Normalized((detail / contrast).astype(np.float32), is_visible)


def _blur(gray: Pattern, radius_px: float) -> Pattern:
    return cv2.GaussianBlur(gray, (0, 0), radius_px).astype(np.float32)


def _correlate(first: Pattern, second: Pattern, where: NDArray[np.bool_]) -> float:
    """Compute Pearson's correlation over some pixels."""
    if not where.any():
        return 0.0
    one, other = first[where] - first[where].mean(), second[where] - second[where].mean()
    scale = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / scale if scale > 0 else 0.0
