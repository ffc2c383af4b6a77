"""Slices with the outline of a lesion and the region that drove the decision, side by side."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tumorscope.explanation.region import find_region
from tumorscope.provenance import RESEARCH_USE_ONLY

_SIDE, _TEXT, _COLUMNS = 240, 24, 4
_OUTLINE, _REGION = (0, 158, 115), (213, 94, 0)


class Found(NamedTuple):
    """A slice, its mask, the evidence, and how well they agree."""

    name: str
    image: NDArray[np.uint8]
    mask_hw: NDArray[np.bool_]
    evidence_hw: NDArray[np.float32]
    score: float


def draw_found(found: Sequence[Found]) -> Image.Image:
    """Draw slices: the outline drawn by hand in green, the region of the decision in orange."""
    rows = -(-len(found) // _COLUMNS)
    size = (_COLUMNS * _SIDE, rows * (_SIDE + _TEXT) + _TEXT)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for index, one in enumerate(found):
        row, column = divmod(index, _COLUMNS)
        left, top = column * _SIDE, row * (_SIDE + _TEXT)
        sheet.paste(_draw_outlines(one), (left, top))
        draw.text((left + 4, top + _SIDE + 3), f"{one.name[-22:]}  {one.score:.2f}", "black", font)
    has_regions = any(one.evidence_hw.max() > 0 for one in found)
    region = "Orange: region that drove the decision. " if has_regions else ""
    foot = f"Green: outline. {region}Number: average precision. {RESEARCH_USE_ONLY}"
    draw.text((4, size[1] - _TEXT + 4), foot, "#66727f", font)
    return sheet


def _draw_outlines(one: Found) -> Image.Image:
    height, width = one.image.shape[:2]
    factor = _SIDE / max(height, width)
    shape = max(round(width * factor), 1), max(round(height * factor), 1)
    small = cv2.resize(one.image, shape, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(one.mask_hw.astype(np.uint8), shape, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(small, contours, -1, _OUTLINE, 2)
    region = find_region(one.evidence_hw)
    if region is not None:
        points = np.rint(np.array(region.contour) * factor).astype(np.int32)
        cv2.polylines(small, [points], True, _REGION, 2)
    tile = Image.new("RGB", (_SIDE, _SIDE), "black")
    tile.paste(Image.fromarray(small), ((_SIDE - shape[0]) // 2, (_SIDE - shape[1]) // 2))
    return tile
