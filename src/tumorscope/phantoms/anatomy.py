"""The healthy head: tissue maps of one axial slice of the MNI152 template, on a 1 mm grid.

The template holds the brain alone. The fluid around it, the skull and the scalp are drawn as
layers of random thickness around the outline of the brain.
"""

import functools
from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import MissingExtraError
from tumorscope.phantoms.grid import GRID_HW, measure_depth
from tumorscope.phantoms.noise import draw_smooth_field

# From below the basal ganglia to the upper convolutions: below, the template lacks the face
# and the eyes; above, hardly any brain is left.
_LOWEST_LEVEL, _HIGHEST_LEVEL = 66, 126
_FISSURE_MM = 41  # closes the gaps between lobes, so that the skull does not dip into them
_SKULL_ROUNDNESS_MM = 5.0
_FLUID_SHARE = 0.8  # the average brain, blurred, shows wider sulci than one person has
_PROBABILITY_SHARPNESS = 2.2  # one person's borders are crisper than the average of 152
_BORDER_VARIATION = 0.35
_BORDER_CELL_MM = 7.0
# No two persons' convolutions lie alike: without this, phantoms would be near copies.
_SHAPE_VARIATION_MM = 2.5
_SHAPE_CELL_MM = 32.0
_THICKNESS_VARIATION = 0.6
_THICKNESS_CELL_MM = 40.0
_FLUID_MM = (1.0, 2.8)
_BONE_MM = (5.0, 8.0)
_BONE_TABLE_MM = (1.5, 2.2)  # the dense bone on either side of the marrow
_SCALP_MM = (4.0, 8.0)


class Tissue(IntEnum):
    """The channel of each tissue in a stack of tissue maps."""

    WHITE_MATTER = 0
    GRAY_MATTER = 1
    CSF = 2
    BONE = 3
    MARROW = 4
    SCALP = 5


@dataclass(frozen=True)
class Head:
    """One slice through a healthy head, front up.

    Parameters
    ----------
    tissue_hwc
        Shape (256, 256, 6), float32, share of each `Tissue` in each pixel, 0..1; air is the
        rest.
    cavity_hw
        Shape (256, 256), bool, True inside the skull.
    outline_hw
        Shape (256, 256), bool, True inside the scalp.
    """

    tissue_hwc: NDArray[np.float32]
    cavity_hw: NDArray[np.bool_]
    outline_hw: NDArray[np.bool_]


def draw_head(generator: np.random.Generator) -> Head:
    """Draw a slice level and the layers around the brain.

    Raises
    ------
    MissingExtraError
        nilearn, which ships the template, is not installed.
    """
    brains = _load_brains()
    brain_hwc = brains[generator.integers(len(brains))]
    if generator.random() < 0.5:
        brain_hwc = brain_hwc[:, ::-1]
    brain_hwc = _deform(generator, brain_hwc)
    outside_mm = _measure_distance_outside(np.asarray(brain_hwc.any(axis=-1)))
    outside_mm += _THICKNESS_VARIATION * draw_smooth_field(generator, GRID_HW, _THICKNESS_CELL_MM)

    fluid_end = generator.uniform(*_FLUID_MM)
    bone_end = fluid_end + generator.uniform(*_BONE_MM)
    scalp_end = bone_end + generator.uniform(*_SCALP_MM)
    table_mm = generator.uniform(*_BONE_TABLE_MM)

    white_hw, gray_hw = _sharpen(generator, brain_hwc)
    marrow_hw = _layer(outside_mm, fluid_end + table_mm, bone_end - table_mm)
    tissues = {
        Tissue.WHITE_MATTER: white_hw,
        Tissue.GRAY_MATTER: gray_hw,
        Tissue.CSF: _layer(outside_mm, -np.inf, fluid_end) - white_hw - gray_hw,
        Tissue.BONE: _layer(outside_mm, fluid_end, bone_end) - marrow_hw,
        Tissue.MARROW: marrow_hw,
        Tissue.SCALP: _layer(outside_mm, bone_end, scalp_end),
    }
    stack_hwc = np.stack([tissues[tissue] for tissue in Tissue], axis=-1)
    return Head(np.clip(stack_hwc, 0, 1), outside_mm < fluid_end, outside_mm < scalp_end)


@functools.cache
def _load_brains() -> NDArray[np.float32]:
    """Load white and gray matter of all levels, shape (levels, 256, 256, 2), 0..1."""
    try:
        from nilearn import datasets
    except ImportError as error:
        raise MissingExtraError("The phantom generator", "train") from error

    templates = (datasets.load_mni152_wm_template, datasets.load_mni152_gm_template)
    levels = slice(_LOWEST_LEVEL, _HIGHEST_LEVEL)
    maps_xyzc = np.stack(
        [np.asarray(load(resolution=1).dataobj)[:, :, levels] for load in templates], axis=-1
    )
    # Template axes run to the right, to the front and up; image rows run to the back.
    maps_zhwc = np.asarray(maps_xyzc.transpose(2, 1, 0, 3)[:, ::-1], dtype=np.float32)
    return np.pad(maps_zhwc, [(0, 0), *_margins(maps_zhwc.shape[1:3]), (0, 0)])


def _margins(shape_hw: tuple[int, ...]) -> list[tuple[int, int]]:
    spare_hw = [whole - part for whole, part in zip(GRID_HW, shape_hw, strict=True)]
    return [(spare // 2, spare - spare // 2) for spare in spare_hw]


def _deform(generator: np.random.Generator, brain_hwc: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shift each part of the brain a little another way."""
    row_shift_hw, column_shift_hw = (
        _SHAPE_VARIATION_MM * draw_smooth_field(generator, GRID_HW, _SHAPE_CELL_MM)
        for _ in range(2)
    )
    rows_hw, columns_hw = np.mgrid[: GRID_HW[0], : GRID_HW[1]].astype(np.float32)
    deformed_hwc = cv2.remap(
        np.ascontiguousarray(brain_hwc),
        columns_hw + column_shift_hw,
        rows_hw + row_shift_hw,
        cv2.INTER_LINEAR,
    )
    return np.asarray(deformed_hwc, dtype=np.float32)


def _measure_distance_outside(brain_hw: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Measure how far each pixel lies outside the rounded outline of the brain, mm."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_FISSURE_MM, _FISSURE_MM))
    hull_hw = cv2.morphologyEx(brain_hw.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    outside_mm = -measure_depth(hull_hw.astype(bool))
    rounded_mm = cv2.GaussianBlur(outside_mm, (0, 0), _SKULL_ROUNDNESS_MM)
    # Where rounding would cut into the brain, the skull makes way.
    return np.asarray(np.minimum(rounded_mm, outside_mm), dtype=np.float32)


def _layer(outside_mm: NDArray[np.float32], start_mm: float, end_mm: float) -> NDArray[np.float32]:
    """Share of each pixel between two distances from the brain, with edges one pixel wide."""
    beyond_start = np.clip(outside_mm - start_mm + 0.5, 0, 1)
    before_end = np.clip(end_mm - outside_mm + 0.5, 0, 1)
    return np.asarray(beyond_start * before_end, dtype=np.float32)


def _sharpen(
    generator: np.random.Generator, brain_hwc: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turn average probabilities into one person's white and gray matter."""
    fluid_hw = _FLUID_SHARE * np.clip(1 - brain_hwc.sum(axis=-1), 0, 1)
    white_hw, gray_hw, fluid_hw = (
        map_hw**_PROBABILITY_SHARPNESS
        * np.exp(_BORDER_VARIATION * draw_smooth_field(generator, GRID_HW, _BORDER_CELL_MM))
        for map_hw in (brain_hwc[..., 0], brain_hwc[..., 1], fluid_hw)
    )
    whole_hw = white_hw + gray_hw + fluid_hw
    return white_hw / whole_hw, gray_hw / whole_hw
