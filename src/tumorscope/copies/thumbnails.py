"""The small gray picture that stands for a slice when copies are sought, and its frames.

A frame is a square part of the thumbnail: the whole, the head, and both a little smaller. The
whole stays the same when brightness changes, the head when a border is cut off; the smaller ones
meet a copy that was cropped into the head.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.preprocessing import Box, find_head

THUMBNAIL_SIDE_PX = 96
FRAME_SIDE_PX = 64
# Which part, and how much of it is left out on each side. The first two are also indexed.
FRAMES = (("whole", 0.0), ("head", 0.0), ("whole", 0.025), ("head", 0.025), ("head", 0.05))
INDEXED_FRAMES = 2

_DARKEST_PERCENT, _BRIGHTEST_PERCENT = 1, 99

Gray = NDArray[np.uint8]


def take_thumbnail(image: NDArray[np.uint8]) -> Gray:
    """Shrink a slice to a gray square, whatever its shape.

    Parameters
    ----------
    image
        Shape (H, W, 3), uint8, RGB. Not modified.

    Returns
    -------
    numpy.ndarray
        Shape (96, 96), uint8.
    """
    gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    shrinks = min(gray.shape) >= THUMBNAIL_SIDE_PX
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    side = THUMBNAIL_SIDE_PX
    return cv2.resize(gray, (side, side), interpolation=interpolation).astype(np.uint8)


def measure_range(thumbnail: Gray) -> tuple[float, float]:
    """Measure the gray levels between which a thumbnail lies, but for 1 % at either end."""
    low, high = np.percentile(thumbnail, (_DARKEST_PERCENT, _BRIGHTEST_PERCENT))
    return float(low), float(high)


def stretch(thumbnail: Gray) -> Gray:
    """Stretch a thumbnail to the full range of gray levels, so that brightness does not count."""
    low, high = measure_range(thumbnail)
    stretched = (thumbnail.astype(np.float32) - low) * (255 / max(high - low, 1))
    return np.asarray(np.clip(stretched, 0, 255), dtype=np.uint8)


def cut_frames(thumbnail: Gray) -> Gray:
    """Cut the frames `FRAMES` from a thumbnail.

    Returns
    -------
    numpy.ndarray
        Shape (frames, 64, 64), uint8.
    """
    stretched = stretch(thumbnail)
    parts = {
        "whole": Box(0, 0, *thumbnail.shape),
        "head": find_head(stretched),
    }
    return np.stack([_cut(stretched, parts[part], inset) for part, inset in FRAMES])


def _cut(thumbnail: Gray, box: Box, inset: float) -> Gray:
    """Resize a box, smaller by a fraction on each side, to a frame, with pixel centers kept."""
    step_y, step_x = (side * (1 - 2 * inset) / FRAME_SIDE_PX for side in (box.height, box.width))
    first_y = box.top + box.height * inset + (step_y - 1) / 2
    first_x = box.left + box.width * inset + (step_x - 1) / 2
    to_thumbnail = np.array([[step_x, 0, first_x], [0, step_y, first_y]], np.float32)
    frame = cv2.warpAffine(
        thumbnail,
        to_thumbnail,
        (FRAME_SIDE_PX, FRAME_SIDE_PX),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return frame.astype(np.uint8)
