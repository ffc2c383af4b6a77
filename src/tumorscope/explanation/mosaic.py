"""Draw the slices of a series with their heatmaps in one picture."""

from collections.abc import Sequence
from itertools import chain
from math import ceil, sqrt
from textwrap import wrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tumorscope.explanation.overlay import Heatmap, blend, color, project_map
from tumorscope.explanation.panel import Explanation, shorten_name
from tumorscope.provenance import RESEARCH_USE_ONLY

Slices = Sequence[tuple[Explanation, str]]

_SIDE = 128
_LABEL_HEIGHT = 16
_LINE_HEIGHT, _MARGIN = 16, 8
_CHARACTER = 6  # px that one takes, about
_MOST_TILES = 400
_NAME_LENGTH = 50
_DIMMED = 0.4
_BAR = 64, 10
_MEANINGS: dict[Heatmap, str] = {
    "Grad-CAM": "evidence for a tumor, logit per position",
    "lesion map": "probability of a lesion",
}
_INK, _PALE, _PAPER = "#1c2733", "#66727f", "#ffffff"


def draw_mosaic(
    name: str,
    slices: Slices,
    scale: float,
    conclusion: str,
    notes: Sequence[object] = (),
) -> Image.Image:
    """Draw the slices of a series as tiles, each with its heatmap, label and verdict.

    What is not assessable is dimmed. At the foot stand what the colors mean and how many slices are
    drawn; of more than 400 every second, third, ... is.

    Parameters
    ----------
    name
        Of the series.
    slices
        At least one, each with its label. No heatmap is drawn where a slice is not assessable.
    scale
        The evidence that gets the strongest color.
    conclusion
        What is said of the series.
    notes
        Further lines.
    """
    shown = slices[:: ceil(len(slices) / _MOST_TILES)]
    columns = max(ceil(sqrt(len(shown))), 4)
    height = _SIDE + _LABEL_HEIGHT
    bottom = ceil(len(shown) / columns) * height
    said = (
        f"{shorten_name(name, _NAME_LENGTH)}: {conclusion}",
        *map(str, notes),
        _count(shown, slices),
    )
    lines = list(chain.from_iterable(wrap(line, columns * _SIDE // _CHARACTER) for line in said))
    has_heatmaps = any(explanation.reason is None for explanation, _ in shown)
    legend = bottom + len(lines) * _LINE_HEIGHT
    size = columns * _SIDE, legend + (1 + has_heatmaps) * _LINE_HEIGHT + _MARGIN
    mosaic = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(mosaic)
    font = ImageFont.load_default(11)
    for number, (explanation, label) in enumerate(shown):
        row, column = divmod(number, columns)
        left, top = column * _SIDE, row * height
        mosaic.paste(_draw_tile(explanation, scale), (left, top))
        draw.text((left + 2, top + _SIDE + 1), f"{label} {explanation.verdict}", _INK, font)
    for number, line in enumerate(lines):
        draw.text((4, bottom + 4 + number * _LINE_HEIGHT), line, _INK, font)
    if has_heatmaps:
        _draw_legend(mosaic, legend + 4, shown[0][0].heatmap, scale)
    draw.text((4, size[1] - _LINE_HEIGHT - _MARGIN + 4), RESEARCH_USE_ONLY, _PALE, font)
    return mosaic


def _count(shown: Slices, slices: Slices) -> str:
    """Say how many slices are drawn, and how many of these dimmed, as far as any are."""
    drawn = f"{len(shown)} of {len(slices)} slices drawn"
    dimmed = sum(explanation.reason is not None for explanation, _ in shown)
    return f"{drawn}; dimmed: {dimmed} not assessed" if dimmed else drawn


def _draw_legend(mosaic: Image.Image, top: int, heatmap: Heatmap, scale: float) -> None:
    """Draw the bar of colors with its two ends and what it means."""
    draw, font = ImageDraw.Draw(mosaic), ImageFont.load_default(11)
    width, height = _BAR
    rising = np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))
    draw.text((4, top), "0", _INK, font)
    mosaic.paste(Image.fromarray(color(rising)), (14, top + 2))
    draw.text((18 + width, top), f"{scale:.2g}  {_MEANINGS[heatmap]}", _INK, font)


def _draw_tile(explanation: Explanation, scale: float) -> Image.Image:
    image = explanation.image
    if explanation.reason is None:
        height, width = image.shape[:2]
        image = blend(image, project_map(explanation.cam, explanation.box, (height, width)), scale)
    else:
        image = (image * _DIMMED).astype(np.uint8)
    picture = Image.fromarray(image)
    picture.thumbnail((_SIDE, _SIDE))
    tile = Image.new("RGB", (_SIDE, _SIDE), "black")
    tile.paste(picture, ((_SIDE - picture.width) // 2, (_SIDE - picture.height) // 2))
    return tile
