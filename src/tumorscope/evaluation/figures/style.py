"""The look that all figures share: palette, type sizes, the footer, the file formats."""

import textwrap
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine

from tumorscope.atomic import replace_file
from tumorscope.provenance import RESEARCH_USE_ONLY

# Blue and vermillion of Okabe and Ito: told apart under every common colour blindness.
BLUE = "#0072b2"
VERMILLION = "#d55e00"
INK = "#1c2733"
MUTED = "#66727f"
LINE = "#c9d1d9"
GRID = "#e9edf1"
SHARE_COLORS = LinearSegmentedColormap.from_list("share", ["#f4f8fb", "#9cc7e3", "#00598c"])

DASHES = (0, (4, 3))

TITLE_SIZE = 11.5
LABEL_SIZE = 9.5
SMALL_SIZE = 8.5
_FOOTER_SIZE = 7
_RASTER_DPI = 150


def make_figure(width_in: float, height_in: float) -> Figure:
    """Make an empty figure with the research-use footer, independent of any global state."""
    figure = Figure(
        figsize=(width_in, height_in),
        layout=ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.09),
        facecolor="white",
    )
    # As the label of the whole figure, because the layout keeps room for that one.
    figure.supxlabel(RESEARCH_USE_ONLY, fontsize=_FOOTER_SIZE, color=MUTED, x=0.99, ha="right")
    return figure


def make_message_figure(title: str, message: str) -> Figure:
    """Make a figure that says in words why there is nothing to draw."""
    figure = make_figure(6.0, 2.2)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontsize=TITLE_SIZE, color=INK, fontweight="bold")
    axes.text(
        0.5,
        0.5,
        textwrap.fill(message, 62),
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=11,
        color=MUTED,
    )
    return figure


def style_axes(axes: Axes, title: str, x_label: str, y_label: str) -> None:
    """Give axes their title and labels in the common look."""
    axes.set_title(title, loc="left", fontsize=TITLE_SIZE, color=INK, fontweight="bold", pad=10)
    axes.set_xlabel(x_label, fontsize=LABEL_SIZE, color=INK)
    axes.set_ylabel(y_label, fontsize=LABEL_SIZE, color=INK)
    axes.tick_params(labelsize=SMALL_SIZE, colors=MUTED, length=0, pad=5)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(LINE)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def mark_point(axes: Axes, x: float, y: float, label: str) -> None:
    """Put a ring around the one point of a curve that was chosen."""
    axes.plot(
        [x],
        [y],
        linestyle="none",
        marker="o",
        markersize=9,
        markerfacecolor="white",
        markeredgecolor=VERMILLION,
        markeredgewidth=2,
        clip_on=False,
        label=label,
    )


def shorten_text(text: str, length: int) -> str:
    """Shorten a text of the user's in its middle, and keep only what the font can draw."""
    drawable = get_font(findfont(FontProperties())).get_charmap()
    text = "".join(c if ord(c) in drawable else "\N{WHITE SQUARE}" for c in text)
    if len(text) <= length:
        return text
    half = (length - 1) // 2
    return f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[-half:]}"


def save_figure(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and as SVG; equal figures give equal files.

    Parameters
    ----------
    figure
        The figure.
    stem
        The path without its ending: `curves/roc` gives `curves/roc.png` and `curves/roc.svg`.
    """
    with replace_file(stem.with_name(f"{stem.name}.png")) as temporary:
        figure.savefig(temporary, dpi=_RASTER_DPI)
    with (
        replace_file(stem.with_name(f"{stem.name}.svg")) as temporary,
        # A fixed salt and no date, or the same figure would differ from save to save.
        mpl.rc_context({"svg.hashsalt": "tumorscope"}),
    ):
        figure.savefig(temporary, metadata={"Date": None})
