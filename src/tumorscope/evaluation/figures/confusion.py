"""The confusion matrix: what the slices are against what the model calls them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tumorscope.evaluation.figures.style import (
    INK,
    SHARE_COLORS,
    SMALL_SIZE,
    make_figure,
    style_axes,
)
from tumorscope.evaluation.measures.metrics import Counts

_CLASS_NAMES = ("no tumor", "tumor")
# Above this the cell is so dark that its text turns white.
_DARK_SHARE = 0.6


def plot_confusion_matrix(counts: Counts) -> Figure:
    """Draw the confusion matrix with counts and row percentages.

    Parameters
    ----------
    counts
        The four cells. A row is one true class, so the percentages of a row add up to 100; a
        class without slices has none.
    """
    cells = np.array(
        [
            [counts["true_negative"], counts["false_positive"]],
            [counts["false_negative"], counts["true_positive"]],
        ]
    )
    rows = cells.sum(axis=1, keepdims=True)
    shares = cells / np.maximum(rows, 1)
    figure = make_figure(5.0, 4.6)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap=SHARE_COLORS, vmin=0, vmax=1)
    for row, column in np.ndindex(2, 2):
        share = f"{shares[row, column]:.1%}" if rows[row, 0] else "no slices"
        color = "white" if shares[row, column] > _DARK_SHARE else INK
        _write_cell(axes, (row, column), f"{cells[row, column]:,}", share, color)
    style_axes(axes, "Confusion matrix", "called by the model", "the truth")
    axes.grid(visible=False)
    axes.set_xticks((0, 1), _CLASS_NAMES)
    axes.set_yticks(
        (0, 1), [f"{name}\n(n = {rows[row, 0]:,})" for row, name in enumerate(_CLASS_NAMES)]
    )
    axes.tick_params(labelsize=SMALL_SIZE + 1, labelcolor=INK)
    axes.spines[:].set_visible(False)
    # White gaps between the cells.
    axes.axhline(0.5, color="white", linewidth=4)
    axes.axvline(0.5, color="white", linewidth=4)
    return figure


def _write_cell(axes: Axes, cell: tuple[int, int], count: str, share: str, color: str) -> None:
    row, column = cell
    axes.text(column, row - 0.06, count, ha="center", va="center", fontsize=24, color=color)
    axes.text(column, row + 0.2, share, ha="center", va="center", fontsize=10, color=color)
