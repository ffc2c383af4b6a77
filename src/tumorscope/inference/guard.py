"""Is this a brain MRI slice at all? What is not gets a reason in place of a probability.

Two checks, both cheap: a few plain rules on the pixels, and the distance of the network's features
from those of its training slices.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.artifact.reader import read_guard
from tumorscope.evaluation.decisions.novelty import Subspace
from tumorscope.inference.montage import shows_several_heads

SEVERAL = "several slices in one picture; cut it into single slices"
UNLIKE = "unlike the brain MRI slices that the model was trained on"

_SIDE_PX = 96
# The farthest that slices of the public datasets go: 8 % in color; a contrast of 27; 81 % of the
# pixels within a tenth of the gray levels of the darkest or brightest; 1.8 times as long as wide.
_COLORED, _MOST_COLORED = 24, 0.3
_LEAST_CONTRAST = 4.0
_LEAST_RANGE, _NEAR_END, _MOST_NEAR_ENDS = 64, 0.1, 0.9
_LONGEST_SHAPE = 2.5


class Guard:
    """Tells brain MRI slices from other pictures.

    Parameters
    ----------
    subspace
        Fitted on the features of training slices.
    """

    def __init__(self, subspace: Subspace) -> None:
        self.subspace = subspace

    @classmethod
    def load(cls, folder: Path) -> "Guard":
        """Load the guard of an artifact that `read_artifact` has verified.

        Raises
        ------
        ArtifactError
            The artifact carries none.
        """
        return cls(read_guard(folder))

    def assess(
        self, images: Sequence[NDArray[np.uint8]], features: NDArray[np.float32]
    ) -> list[str | None]:
        """Say of each picture why it cannot be assessed, or None where it can.

        Parameters
        ----------
        images
            N pictures as read, each (H, W), gray, or (H, W, 3), RGB; uint8. Not modified.
        features
            Shape (N, K), as the graph gave them. Not modified.
        """
        is_known = self.subspace.measure(features) <= self.subspace.limit  # never, of NaN
        return [
            check_pixels(image) or (None if known else UNLIKE)
            for image, known in zip(images, is_known, strict=True)
        ]


def check_pixels(image: NDArray[np.uint8]) -> str | None:
    """Say why a picture cannot be one MRI slice, judging by its pixels; None if it can.

    Parameters
    ----------
    image
        Shape (H, W), gray, or (H, W, 3), RGB; uint8. Not modified.
    """
    height, width = image.shape[:2]
    if max(height, width) > _LONGEST_SHAPE * min(height, width):
        return f"{width} x {height} px is no shape of a slice"
    step = max(min(height, width) // _SIDE_PX, 1)
    small = cv2.resize(image, (width // step, height // step), interpolation=cv2.INTER_NEAREST)
    green = np.asarray(small, np.uint8)
    if image.ndim == 3:
        red, green, blue = (np.asarray(channel, np.uint8) for channel in cv2.split(small))
        spread = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
        colored = np.count_nonzero(spread > _COLORED) / spread.size
        if colored > _MOST_COLORED:
            return f"{100 * colored:.0f} % of it is in color"
    if float(cv2.meanStdDev(green)[1][0, 0]) < _LEAST_CONTRAST:
        return "almost one gray level"
    darkest, brightest, _, _ = cv2.minMaxLoc(green)
    near = _NEAR_END * (brightest - darkest)
    is_between = cv2.inRange(green, darkest + near, brightest - near)
    if (
        brightest - darkest >= _LEAST_RANGE
        and cv2.countNonZero(is_between) < (1 - _MOST_NEAR_ENDS) * green.size
    ):
        return "almost only two gray levels, as text and drawings have"
    return SEVERAL if shows_several_heads(green) else None
