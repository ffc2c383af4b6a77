"""What scanner, export and internet do to a slice: pose, coil, noise, blur, display window."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.phantoms.noise import draw_smooth_field

_HEIGHT_PX = (180, 400)
_ASPECT = (0.82, 1.12)  # width per height
_FILL = (0.82, 1.03)  # head per image; above 1 the scalp is cut off, never the brain
_ROTATION_DEG = (-12.0, 12.0)
_ANISOTROPY = (-0.05, 0.05)
_WARP_MM = (0.5, 2.0)
_WARP_CELL_MM = 65.0
_BIAS = (0.03, 0.14)
_BIAS_CELL_SHARE = 0.6
_NOISE = (0.01, 0.05)
_BLUR_SHARE = (0.0005, 0.0035)  # standard deviation of the blur per image height
_BLACK_LEVEL = (0.02, 0.12)
_WHITE_LEVEL = (0.75, 1.45)
_GAMMA = (0.8, 1.25)


@dataclass(frozen=True)
class Pose:
    """Where on the 1 mm grid each pixel of the output lies.

    Parameters
    ----------
    from_x_hw, from_y_hw
        Shape (H, W) of the output, float32, grid column and row, mm.
    """

    from_x_hw: NDArray[np.float32]
    from_y_hw: NDArray[np.float32]

    def resample(self, grid_hw: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sample an image of the grid at the output's pixels; outside the grid is 0."""
        image_hw = cv2.remap(grid_hw, self.from_x_hw, self.from_y_hw, cv2.INTER_LINEAR)
        return np.asarray(image_hw, dtype=np.float32)


def draw_pose(generator: np.random.Generator, head_hw: NDArray[np.bool_]) -> Pose:
    """Draw the output's size and the head's place, size, rotation and individual shape in it.

    Parameters
    ----------
    generator
        Source of the randomness.
    head_hw
        Shape (256, 256), True where the head is.
    """
    height = round(generator.uniform(*_HEIGHT_PX))
    width = int(np.clip(round(height * generator.uniform(*_ASPECT)), *_HEIGHT_PX))
    left, top, head_width, head_height = cv2.boundingRect(head_hw.astype(np.uint8))
    px_per_mm = generator.uniform(*_FILL) * min(height / head_height, width / head_width)
    spare_px = np.array([width, height]) - px_per_mm * np.array([head_width, head_height])
    shift_px = generator.uniform(-0.4, 0.4, 2) * spare_px.clip(min=0)

    x = np.arange(width) - (width - 1) / 2 - shift_px[0]
    y = np.arange(height)[:, None] - (height - 1) / 2 - shift_px[1]
    squeeze = 1 + generator.uniform(*_ANISOTROPY)
    x, y = x / (px_per_mm * squeeze), y / (px_per_mm / squeeze)
    angle = np.radians(generator.uniform(*_ROTATION_DEG))
    bend_x, bend_y = _draw_bend(generator, (height, width), px_per_mm)
    from_x = x * np.cos(angle) - y * np.sin(angle) + left + head_width / 2 + bend_x
    from_y = x * np.sin(angle) + y * np.cos(angle) + top + head_height / 2 + bend_y
    return Pose(from_x.astype(np.float32), from_y.astype(np.float32))


def _draw_bend(
    generator: np.random.Generator, shape_hw: tuple[int, int], px_per_mm: float
) -> list[NDArray[np.float32]]:
    """Draw how one person's head differs in shape from the template, mm along x and y."""
    size_mm = generator.uniform(*_WARP_MM)
    cell_px = _WARP_CELL_MM * px_per_mm
    return [size_mm * draw_smooth_field(generator, shape_hw, cell_px) for _ in "xy"]


def acquire(generator: np.random.Generator, signal_hw: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn the signal of a slice into the gray values that a display would show.

    The window is drawn without a look at the image. A window fitted to the image would tell
    by its brightness whether there is a lesion.

    Parameters
    ----------
    generator
        Source of the randomness.
    signal_hw
        Shape (H, W), 0 to about 1. Not modified.

    Returns
    -------
    NDArray
        Shape (H, W), uint8.
    """
    height, width = signal_hw.shape
    bias_hw = draw_smooth_field(generator, (height, width), _BIAS_CELL_SHARE * height)
    signal_hw = signal_hw * np.exp(generator.uniform(*_BIAS) * bias_hw)
    signal_hw = _add_rician_noise(generator, signal_hw)
    blur_px = generator.uniform(*_BLUR_SHARE) * height
    blurred_hw = np.asarray(cv2.GaussianBlur(signal_hw, (0, 0), blur_px), dtype=np.float32)
    return _apply_window(generator, blurred_hw)


def _add_rician_noise(
    generator: np.random.Generator, signal_hw: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Add noise to the real and the imaginary part; the scanner shows the magnitude."""
    level = generator.uniform(*_NOISE)
    real_hw, imaginary_hw = level * generator.standard_normal(
        (2, *signal_hw.shape), dtype=np.float32
    )
    return np.asarray(np.hypot(signal_hw + real_hw, imaginary_hw), dtype=np.float32)


def _apply_window(
    generator: np.random.Generator, signal_hw: NDArray[np.float32]
) -> NDArray[np.uint8]:
    black, white = generator.uniform(*_BLACK_LEVEL), generator.uniform(*_WHITE_LEVEL)
    shown_hw = np.clip((signal_hw - black) / (white - black), 0, 1) ** generator.uniform(*_GAMMA)
    return np.asarray(np.round(255 * shown_hw), dtype=np.uint8)
