"""Three kinds of tumor, each painted with its true mask.

A mask covers the tumor itself, without the edema around it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantoms.anatomy import Head, Tissue
from tumorscope.phantoms.blob import draw_outline, push_aside, soften_outline
from tumorscope.phantoms.contrast import Contrast
from tumorscope.phantoms.grid import GRID_HW, measure_depth
from tumorscope.phantoms.noise import draw_smooth_field

# The head is about 190 mm across, so the smallest tumor takes about 8 % of it.
_RADIUS_MM = (8.0, 25.0)
_SEATED_RADIUS_MM = (10.0, 25.0)  # the skull cuts a part off
_RIM_MM = (2.0, 4.5)
_EDEMA_MM = (3.0, 14.0)
_EDEMA_FRAY_MM = 3.0
_EDEMA_CELL_MM = 12.0
_EDEMA_FADE_MM = 4.0
_EDEMA_IN_WHITE, _EDEMA_IN_GRAY = 0.9, 0.3
_SEAT = (0.4, 0.7)  # depth of a meningioma's center below the skull, share of the radius
_CLEFT_MM = 1.5
_CLEARANCE_MM = 2.0
_PATCHINESS = 0.10
_PATCH_CELL_MM = 6.0


@dataclass(frozen=True)
class Canvas:
    """A slice in the making.

    Parameters
    ----------
    image_hw
        Shape (256, 256), float32, signal of the head, 0 to about 1.
    mask_hw
        Shape (256, 256), bool, True in the lesions painted so far.
    """

    image_hw: NDArray[np.float32]
    mask_hw: NDArray[np.bool_]


def paint_lesion(
    kind: str, canvas: Canvas, head: Head, contrast: Contrast, generator: np.random.Generator
) -> Canvas:
    """Give a copy of the canvas with one more lesion, apart from those already there.

    Parameters
    ----------
    kind
        A key of `LESION_KINDS`.
    canvas
        What is painted so far. Not modified.
    head
        The anatomy to grow in.
    contrast
        The signals of the lesion's parts.
    generator
        Source of place, size and shape.
    """
    return LESION_KINDS[kind](canvas, head, contrast, generator)


def _paint_intra_axial(
    canvas: Canvas, head: Head, contrast: Contrast, generator: np.random.Generator
) -> Canvas:
    """Paint a solid mass in the brain, with edema along the white matter around it."""
    image_hw, depth_mm = _grow_in_brain(canvas, head, contrast, generator)
    image_hw = _fill(image_hw, depth_mm, contrast.mass, generator)
    return Canvas(image_hw, canvas.mask_hw | (depth_mm > 0))


def _paint_ring_enhancing(
    canvas: Canvas, head: Head, contrast: Contrast, generator: np.random.Generator
) -> Canvas:
    """Paint a rim that takes up contrast agent around dead tissue, with edema outside."""
    image_hw, depth_mm = _grow_in_brain(canvas, head, contrast, generator)
    image_hw = _fill(image_hw, depth_mm, contrast.rim, generator)
    core_mm = depth_mm - np.float32(generator.uniform(*_RIM_MM))
    image_hw = _fill(image_hw, core_mm, contrast.necrosis, generator)
    return Canvas(image_hw, canvas.mask_hw | (depth_mm > 0))


def _paint_extra_axial(
    canvas: Canvas, head: Head, contrast: Contrast, generator: np.random.Generator
) -> Canvas:
    """Paint a meningioma: seated on the skull, with a cleft of fluid towards the brain."""
    radius_mm = generator.uniform(*_SEATED_RADIUS_MM)
    below_skull_mm = measure_depth(head.cavity_hw)
    nearest, farthest = (share * radius_mm for share in _SEAT)
    seat_hw = (below_skull_mm > nearest) & (below_skull_mm < farthest)
    center_yx = _draw_place(generator, seat_hw & (measure_depth(~canvas.mask_hw) > radius_mm))
    depth_mm = draw_outline(generator, center_yx, radius_mm)
    image_hw = push_aside(canvas.image_hw, below_skull_mm, center_yx, radius_mm)
    cleft_mm = np.minimum(depth_mm + _CLEFT_MM, below_skull_mm)
    seated_mm = np.minimum(depth_mm, below_skull_mm)
    image_hw = _fill(image_hw, cleft_mm, contrast.csf, generator)
    image_hw = _fill(image_hw, seated_mm, contrast.meningioma, generator)
    return Canvas(image_hw, canvas.mask_hw | (seated_mm > 0))


_Painter = Callable[[Canvas, Head, Contrast, np.random.Generator], Canvas]

LESION_KINDS: MappingProxyType[str, _Painter] = MappingProxyType(
    {
        "intra-axial": _paint_intra_axial,
        "ring-enhancing": _paint_ring_enhancing,
        "extra-axial": _paint_extra_axial,
    }
)
"""The painter of each kind of lesion."""


def _grow_in_brain(
    canvas: Canvas, head: Head, contrast: Contrast, generator: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Choose an outline inside the brain, push tissue aside and paint the edema.

    Returns the image and the depth of each pixel below the outline, mm, negative outside.
    """
    white_hw = head.tissue_hwc[..., Tissue.WHITE_MATTER]
    gray_hw = head.tissue_hwc[..., Tissue.GRAY_MATTER]
    room_mm = measure_depth(head.cavity_hw & ~canvas.mask_hw) - _CLEARANCE_MM
    room_mm[white_hw + gray_hw < 0.8] = 0
    # Beside a large first lesion only a smaller one finds room.
    radius_mm = min(generator.uniform(*_RADIUS_MM), float(room_mm.max()))
    center_yx = _draw_place(generator, room_mm >= radius_mm)
    below_skull_mm = measure_depth(head.cavity_hw)
    depth_mm = draw_outline(generator, center_yx, radius_mm)
    depth_mm = np.minimum(depth_mm, below_skull_mm - _CLEARANCE_MM)
    image_hw = push_aside(canvas.image_hw, below_skull_mm, center_yx, radius_mm)

    # Edema spreads along the white matter, spares the cortex and stops at the ventricles.
    fray_mm = _EDEMA_FRAY_MM * draw_smooth_field(generator, GRID_HW, _EDEMA_CELL_MM)
    edema_mm = depth_mm + np.float32(generator.uniform(*_EDEMA_MM)) + fray_mm
    permeable_hw = _EDEMA_IN_WHITE * white_hw + _EDEMA_IN_GRAY * gray_hw
    share_hw = np.clip(edema_mm / _EDEMA_FADE_MM, 0, 1) * permeable_hw
    return image_hw + share_hw * (contrast.edema - image_hw), depth_mm


def _draw_place(generator: np.random.Generator, where_hw: NDArray[np.bool_]) -> tuple[int, int]:
    places_yx = np.argwhere(where_hw)
    row, column = places_yx[generator.integers(len(places_yx))]
    return int(row), int(column)


def _fill(
    image_hw: NDArray[np.float32],
    depth_mm: NDArray[np.float32],
    signal: float,
    generator: np.random.Generator,
) -> NDArray[np.float32]:
    """Paint patchy tissue inside an outline."""
    patches_hw = draw_smooth_field(generator, GRID_HW, _PATCH_CELL_MM)
    signal_hw = signal * (1 + _PATCHINESS * patches_hw)
    return image_hw + soften_outline(generator, depth_mm) * (signal_hw - image_hw)
