"""What becomes of an answer while the pixels that a map points at are put in or taken away."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from tumorscope.evaluation.figures.style import SMALL_SIZE, make_figure, style_axes

_COLORS = 10


def plot_faithfulness(curves: Mapping[str, Sequence[Sequence[float]]]) -> Figure:
    """Draw insertion and deletion of several methods.

    Parameters
    ----------
    curves
        Method to its insertion and deletion: the mean probability at equal shares of the pixels.
    """
    figure = make_figure(10.5, 4.6)
    axes = figure.subplots(1, 2)
    for number, (method, pair) in enumerate(curves.items()):
        style = "-" if number < _COLORS else "--"  # there are more methods than colors
        for panel, curve in zip(axes, pair, strict=True):
            shares = np.linspace(0, 1, len(curve))
            panel.plot(shares, curve, style, color=f"C{number}", label=method, linewidth=1.4)
    for panel, title in zip(axes, ("Insertion: higher is better", "Deletion: lower is better"),
                            strict=True):  # fmt: skip
        style_axes(panel, title, "Share of the pixels", "Probability of a tumor")
        panel.set_ylim(0, 1.02)
    axes[0].legend(fontsize=SMALL_SIZE - 1.5, frameon=False, ncols=2)
    return figure
