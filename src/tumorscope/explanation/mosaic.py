"""Draw the slices of a series with their heatmaps in one picture."""

from collections.abc import Sequence
from math import ceil, sqrt

from PIL import Image, ImageDraw, ImageFont

from tumorscope.explanation.overlay import blend, project_map
from tumorscope.explanation.panel import Explanation, shorten_name
from tumorscope.provenance import RESEARCH_USE_ONLY

_SIDE = 128
_LABEL_HEIGHT = 16
_LINE_HEIGHT, _MARGIN = 16, 8
_MOST_TILES = 400
_NAME_LENGTH = 50
_INK, _PALE, _PAPER = "#1c2733", "#66727f", "#ffffff"


def draw_mosaic(
    name: str,
    slices: Sequence[tuple[Explanation, str]],
    scale: float,
    conclusion: str,
    notes: Sequence[object] = (),
) -> Image.Image:
    """Draw the slices of a series as tiles, each with its heatmap, label and verdict.

    Of more than 400 slices every second, third, ... is drawn.

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
    lines = [f"{shorten_name(name, _NAME_LENGTH)}: {conclusion}", *map(str, notes)]
    size = columns * _SIDE, bottom + (len(lines) + 1) * _LINE_HEIGHT + _MARGIN
    mosaic = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(mosaic)
    font = ImageFont.load_default(11)
    for number, (explanation, label) in enumerate(shown):
        row, column = divmod(number, columns)
        left, top = column * _SIDE, row * height
        mosaic.paste(_draw_tile(explanation, scale), (left, top))
        draw.text((left + 2, top + _SIDE + 1), f"{label} {explanation.verdict}", _INK, font)
    for number, line in enumerate([*lines, RESEARCH_USE_ONLY]):
        ink = _INK if number < len(lines) else _PALE
        draw.text((4, bottom + 4 + number * _LINE_HEIGHT), line, ink, font)
    return mosaic


def _draw_tile(explanation: Explanation, scale: float) -> Image.Image:
    image = explanation.image
    if explanation.reason is None:
        height, width = image.shape[:2]
        image = blend(image, project_map(explanation.cam, explanation.box, (height, width)), scale)
    picture = Image.fromarray(image)
    picture.thumbnail((_SIDE, _SIDE))
    tile = Image.new("RGB", (_SIDE, _SIDE), "black")
    tile.paste(picture, ((_SIDE - picture.width) // 2, (_SIDE - picture.height) // 2))
    return tile
