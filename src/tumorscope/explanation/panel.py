"""Draw slice, heatmap and probability side by side, for one slice or for a sheet of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tumorscope.evaluation.decisions.verdicts import NO_TUMOR, NOT_ASSESSABLE, TUMOR, UNCERTAIN
from tumorscope.explanation.overlay import Heatmap, blend, color, project_map
from tumorscope.explanation.region import REGION_NAME, draw_region
from tumorscope.preprocessing import Box
from tumorscope.provenance import RESEARCH_USE_ONLY

_SIDE = 300
_GAP = 12
_BAR_WIDTH = 14
_TEXT_WIDTH = 300
_TEXT_START = 2 * _SIDE + _BAR_WIDTH + 6 * _GAP
_PANEL_WIDTH = _TEXT_START + _TEXT_WIDTH
_PANEL_HEIGHT = _SIDE + 2 * _GAP
_HEADER_HEIGHT = 44
_FOOTER_HEIGHT = 60  # two lines
# Texts can be read where two panels side by side are as wide as a page.
_HEADER_FONT, _TEXT_FONT, _FOOT_FONT = 21, 20, 18
_FOOT_LINE = 26  # px, more than a line takes
_FOOT_CHARACTER = 9  # px that a character takes, about
_INK, _PALE, _PAPER = "#1c2733", "#66727f", "#ffffff"
_TITLES: dict[Heatmap, str] = {"Grad-CAM": "Grad-CAM heatmap", "lesion map": "Lesion map"}
_MEANINGS: dict[Heatmap, str] = {
    "Grad-CAM": "Heatmap: evidence for a tumor in logit per position",
    "lesion map": "Lesion map: probability that a position lies in a lesion",
}
_WRONG_COLOR = "#a4123f"
_VERDICT_COLORS = {
    TUMOR: "#b3431e",
    NO_TUMOR: "#1f6f8b",
    UNCERTAIN: "#7a5c00",
    NOT_ASSESSABLE: "#5c3b6f",
}


@dataclass(frozen=True, eq=False)
class Explanation:
    """One slice with what a model says about it.

    Attributes
    ----------
    name
        Shown above the probability.
    image
        Shape (H, W, 3), uint8, RGB.
    box
        The part that the network saw.
    cam
        Map over `box`, shape (h, w), float32.
    probability
        Of a tumor.
    verdict
        ``tumor``, ``no tumor``, ``uncertain`` or ``not assessable``.
    truth
        The true class, where it is known.
    reason
        Why it is not assessable: it stands in place of the probability, and no heatmap is drawn.
    heatmap
        What `cam` shows.
    """

    name: str
    image: NDArray[np.uint8]
    box: Box
    cam: NDArray[np.float32]
    probability: float
    verdict: str
    truth: str | None = None
    reason: str | None = None
    heatmap: Heatmap = "Grad-CAM"


def draw_overlay(explanation: Explanation, scale: float, note: str = "") -> Image.Image:
    """Draw one explanation: slice, heatmap with its scale, probability and verdict.

    Parameters
    ----------
    explanation
        What to draw.
    scale
        The evidence that gets the strongest color.
    note
        Stands in front of what the picture says about itself at its foot.
    """
    return draw_contact_sheet([explanation], scale, columns=1, note=note)


def draw_contact_sheet(
    explanations: Sequence[Explanation], scale: float, columns: int = 2, note: str = ""
) -> Image.Image:
    """Draw explanations of a model in a table: MRI image, heatmap, predicted tumor probability.

    Parameters
    ----------
    explanations
        At least one.
    scale
        The evidence that gets the strongest color, in all of them.
    columns
        Panels side by side.
    note
        Stands in front of what the sheet says about itself at its foot.
    """
    heatmap = explanations[0].heatmap
    has_heatmaps = any(explanation.reason is None for explanation in explanations)
    has_regions = any(map(_has_region, explanations))
    line = f"; line: {REGION_NAME}" if has_regions else ""
    meaning = f"{_MEANINGS[heatmap]}{line}. " if has_heatmaps else ""
    width = columns * _PANEL_WIDTH
    bottom = _HEADER_HEIGHT + ceil(len(explanations) / columns) * _PANEL_HEIGHT
    foot = wrap(f"{note}{meaning}{RESEARCH_USE_ONLY}", width // _FOOT_CHARACTER)
    footer = max(_FOOTER_HEIGHT, len(foot) * _FOOT_LINE + 8)
    sheet = Image.new("RGB", (width, bottom + footer), _PAPER)
    draw = ImageDraw.Draw(sheet)
    titles = ("MRI image", _TITLES[heatmap], "Predicted tumor probability")
    for column in range(columns):
        _draw_header(draw, column * _PANEL_WIDTH, titles if has_heatmaps else ("Image",))
    for index, explanation in enumerate(explanations):
        row, column = divmod(index, columns)
        origin = (column * _PANEL_WIDTH, _HEADER_HEIGHT + row * _PANEL_HEIGHT)
        _draw_panel(sheet, origin, explanation, scale)
    draw.text((_GAP, bottom + 4), "\n".join(foot), _PALE, _font(_FOOT_FONT))
    return sheet


def _draw_header(draw: ImageDraw.ImageDraw, left: int, titles: Sequence[str]) -> None:
    starts = (_GAP, _SIDE + 2 * _GAP, _TEXT_START)
    for title, start in zip(titles, starts, strict=False):
        draw.text((left + start, 14), title, _INK, _font(_HEADER_FONT))


def _draw_panel(
    sheet: Image.Image, origin: tuple[int, int], explanation: Explanation, scale: float
) -> None:
    left, top = origin[0] + _GAP, origin[1] + _GAP
    sheet.paste(_fit(explanation.image), (left, top))
    draw = ImageDraw.Draw(sheet)
    if explanation.reason is not None:
        _draw_reason(draw, (origin[0] + _TEXT_START, top), explanation.name, explanation.reason)
        return
    height, width = explanation.image.shape[:2]
    evidence = project_map(explanation.cam, explanation.box, (height, width))
    heatmap = blend(explanation.image, evidence, scale)
    if _has_region(explanation):
        heatmap = draw_region(heatmap, evidence)
    sheet.paste(_fit(heatmap), (left + _SIDE + _GAP, top))
    _draw_scale(sheet, draw, (left + 2 * (_SIDE + _GAP), top), scale)
    _draw_text(draw, (origin[0] + _TEXT_START, top), explanation)


def _has_region(explanation: Explanation) -> bool:
    """Tell whether a region drove the decision: of a tumor, and by evidence for one."""
    return explanation.verdict == TUMOR and explanation.cam.max() > 0


def _fit(image: NDArray[np.uint8]) -> Image.Image:
    """Shrink or enlarge to the side of a panel, on black, keeping the aspect."""
    picture = Image.fromarray(image)
    factor = _SIDE / max(picture.size)
    width, height = (max(round(length * factor), 1) for length in picture.size)
    fitted = picture.resize((width, height))
    tile = Image.new("RGB", (_SIDE, _SIDE), "black")
    tile.paste(fitted, ((_SIDE - fitted.width) // 2, (_SIDE - fitted.height) // 2))
    return tile


def _draw_scale(
    sheet: Image.Image, draw: ImageDraw.ImageDraw, origin: tuple[int, int], scale: float
) -> None:
    left, top = origin
    falling = np.linspace(1, 0, _SIDE - 40, dtype=np.float32)[:, np.newaxis]
    bar = color(np.repeat(falling, _BAR_WIDTH, axis=1))
    sheet.paste(Image.fromarray(bar), (left, top + 20))
    draw.text((left, top - 4), f"{scale:.2g}", _PALE, _font(17))
    draw.text((left + 3, top + _SIDE - 19), "0", _PALE, _font(17))


def _draw_text(
    draw: ImageDraw.ImageDraw, origin: tuple[int, int], explanation: Explanation
) -> None:
    left, top = origin
    accent = _VERDICT_COLORS[explanation.verdict]
    draw.text((left, top), shorten_name(explanation.name), _PALE, _font(_TEXT_FONT))
    draw.text((left, top + 40), f"{explanation.probability:.3f}", _INK, _font(44))
    bar_top = top + 104
    draw.rectangle((left, bar_top, left + _TEXT_WIDTH - 30, bar_top + 10), "#e3e7eb")
    filled = round((_TEXT_WIDTH - 30) * explanation.probability)
    draw.rectangle((left, bar_top, left + filled, bar_top + 10), accent)
    draw.text((left, top + 132), explanation.verdict, accent, _font(30))
    if explanation.truth is not None:
        judgement, color = _judge(explanation.verdict, explanation.truth)
        draw.text((left, top + 176), judgement, color, _font(_TEXT_FONT))


def _draw_reason(
    draw: ImageDraw.ImageDraw, origin: tuple[int, int], name: str, reason: str
) -> None:
    left, top = origin
    draw.text((left, top), shorten_name(name), _PALE, _font(_TEXT_FONT))
    draw.text((left, top + 40), NOT_ASSESSABLE, _VERDICT_COLORS[NOT_ASSESSABLE], _font(30))
    draw.text((left, top + 88), "\n".join(wrap(reason, 28)), _INK, _font(_TEXT_FONT))


def _judge(verdict: str, truth: str) -> tuple[str, str]:
    """Say in words and in color how a verdict stands to the truth."""
    if verdict == UNCERTAIN:
        return f"labelled {truth}", _PALE
    return ("correct", _PALE) if verdict == truth else (f"wrong: labelled {truth}", _WRONG_COLOR)


def shorten_name(name: str, length: int = 28) -> str:
    """Shorten a name in its middle, and replace what cannot be drawn."""
    printable = "".join(character if character.isprintable() else "?" for character in name)
    return (
        printable if len(printable) <= length else f"{printable[: length - 12]}…{printable[-11:]}"
    )


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
