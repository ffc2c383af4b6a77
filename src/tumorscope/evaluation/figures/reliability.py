"""The reliability diagram: what probabilities promise against what the slices turn out to be."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from tumorscope.evaluation.figures.style import (
    BLUE,
    DASHES,
    INK,
    MUTED,
    SMALL_SIZE,
    VERMILLION,
    make_figure,
    style_axes,
)
from tumorscope.evaluation.measures.reliability import (
    compute_calibration_error,
    merge_bins,
    tabulate_reliability,
)

_BAR_SHARE = 0.42  # of the width of a bin; two bars and a gap fill it
_COUNT_SIZE = 6.5
_FEWEST_SLICES = 10
# With few slices the curves go everywhere: the legend has a strip of its own above them.
_LEGEND_TOP = 1.28


def plot_reliability(labels: ArrayLike, before: ArrayLike, after: ArrayLike) -> Figure:
    """Draw the share of tumors against the probability of a tumor, before and after calibration.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    before, after
        Shape (N,), of a tumor, within [0, 1]: as the network gave them, and calibrated. Not
        modified.

    Returns
    -------
    Figure
        A point for each tenth of the probability, where those with fewer than ten slices are joined
        to others, as the share of a few is chance; and below how many slices each tenth holds.

    Raises
    ------
    InputError
        The arrays cannot be used.
    """
    figure = make_figure(5.0, 6.8)
    diagram, histogram = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    style_axes(diagram, "Reliability", "", "share of tumors")
    style_axes(histogram, "", "probability of a tumor", "slices")
    diagram.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=DASHES, label="as promised")
    looks = (
        ("before calibration", before, VERMILLION, "o", -1),
        ("calibrated", after, BLUE, "s", 1),
    )
    for name, probabilities, color, marker, side in looks:
        tenths = tabulate_reliability(labels, probabilities)
        table = merge_bins(tenths, _FEWEST_SLICES)
        error = compute_calibration_error(labels, probabilities)
        diagram.plot(
            table["probability"],
            table["tumor_share"],
            color=color,
            linewidth=1.5,
            marker=marker,
            markersize=6,
            label=f"{name}: calibration error {error:.3f}",
        )
        _draw_counts(histogram, tenths[tenths["count"] > 0], color, side)
    diagram.set(xlim=(-0.02, 1.02), ylim=(-0.02, _LEGEND_TOP))
    diagram.set(xticks=np.linspace(0, 1, 6), yticks=np.linspace(0, 1, 6))
    histogram.margins(y=0.4)
    diagram.legend(loc="upper left", fontsize=SMALL_SIZE, labelcolor=INK, frameon=False)
    return figure


def _draw_counts(axes: Axes, table: pd.DataFrame, color: str, side: int) -> None:
    """Draw a bar for each bin, left (-1) or right (1) of its middle."""
    width = _BAR_SHARE * (table["high"] - table["low"])
    middle = (table["low"] + table["high"]) / 2 + side * width / 2
    bars = axes.bar(middle, table["count"], width=width, color=color)
    # Upright, as a count of four digits is wider than its bar.
    axes.bar_label(bars, fmt="{:,.0f}", fontsize=_COUNT_SIZE, color=INK, padding=2, rotation=90)
