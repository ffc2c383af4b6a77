"""How bright each tissue is on T1-, T2- and FLAIR-like slices."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.phantoms.anatomy import Head, Tissue
from tumorscope.phantoms.grid import GRID_HW
from tumorscope.phantoms.noise import draw_smooth_field

_SIGNAL_VARIATION = 0.07
_TEXTURE = 0.035
_TEXTURE_CELL_MM = 3.0


@dataclass(frozen=True)
class Contrast:
    """Signal of each tissue, 0 (air) to about 1 (bright); arbitrary scanner units."""

    name: str
    white_matter: float
    gray_matter: float
    csf: float
    bone: float
    marrow: float
    scalp: float
    vessel: float
    spot: float
    mass: float
    edema: float
    rim: float
    necrosis: float
    meningioma: float


CONTRASTS = (
    # T1 after contrast agent, which is what makes vessels, rims and meningiomas bright.
    Contrast(
        name="T1",
        white_matter=0.72,
        gray_matter=0.54,
        csf=0.17,
        bone=0.06,
        marrow=0.40,
        scalp=0.88,
        vessel=1.05,
        spot=0.56,
        mass=0.38,
        edema=0.47,
        rim=1.05,
        necrosis=0.24,
        meningioma=0.98,
    ),
    Contrast(
        name="T2",
        white_matter=0.36,
        gray_matter=0.52,
        csf=0.98,
        bone=0.05,
        marrow=0.25,
        scalp=0.55,
        vessel=0.95,
        spot=0.70,
        mass=0.80,
        edema=0.88,
        rim=0.46,
        necrosis=1.02,
        meningioma=0.72,
    ),
    Contrast(
        name="FLAIR",
        white_matter=0.46,
        gray_matter=0.58,
        csf=0.12,
        bone=0.05,
        marrow=0.24,
        scalp=0.58,
        vessel=0.86,
        spot=0.86,
        mass=0.84,
        edema=0.94,
        rim=0.82,
        necrosis=0.34,
        meningioma=0.86,
    ),
)


def draw_contrast(generator: np.random.Generator) -> Contrast:
    """Draw one of the contrasts and vary every signal of it a little."""
    contrast = CONTRASTS[generator.integers(len(CONTRASTS))]
    signals = {key: value for key, value in dataclasses.asdict(contrast).items() if key != "name"}
    factors = generator.uniform(1 - _SIGNAL_VARIATION, 1 + _SIGNAL_VARIATION, len(signals))
    varied = {
        key: signal * factor for (key, signal), factor in zip(signals.items(), factors, strict=True)
    }
    return Contrast(name=contrast.name, **varied)


def render_head(
    head: Head, contrast: Contrast, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Give the signal of a healthy head, with the fine texture of real tissue.

    Returns
    -------
    NDArray
        Shape (256, 256), 0 to about 1.
    """
    signals = np.array(
        [getattr(contrast, tissue.name.lower()) for tissue in Tissue], dtype=np.float32
    )
    texture_hw = 1 + _TEXTURE * draw_smooth_field(generator, GRID_HW, _TEXTURE_CELL_MM)
    return np.asarray(head.tissue_hwc @ signals * texture_hw, dtype=np.float32)
