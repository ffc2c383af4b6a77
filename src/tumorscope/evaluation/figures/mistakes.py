"""A contact sheet of the slices that the model got wrong with the most confidence."""

from collections.abc import Callable
from pathlib import PurePath

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tumorscope.evaluation.figures.style import (
    INK,
    LINE,
    MUTED,
    SMALL_SIZE,
    TITLE_SIZE,
    VERMILLION,
    make_figure,
    make_message_figure,
    shorten_text,
)
from tumorscope.evaluation.measures.mistakes import rank_mistakes

_COLUMNS = 4
_NAME_LENGTH = 26


def plot_mistakes(
    predictions: pd.DataFrame, read_image: Callable[[str], NDArray[np.uint8]], count: int
) -> Figure:
    """Draw the worst mistakes, each with its truth, its probability and its file name.

    Parameters
    ----------
    predictions
        One row per slice with `path`, `label` (0 or 1), `probability` (of a tumor, within
        [0, 1]) and `correct` (bool). Not modified.
    read_image
        Gives the slice of a `path`: shape (H, W, 3), uint8, RGB. Called for drawn slices only.
    count
        How many mistakes to draw at most.

    Returns
    -------
    Figure
        A sentence in place of the sheet when there is no mistake.
    """
    worst = rank_mistakes(predictions, count)
    if worst.empty:
        return make_message_figure(
            "Worst mistakes", f"No mistakes: all {len(predictions)} slices are called rightly."
        )
    columns = min(_COLUMNS, len(worst))
    rows = -(-len(worst) // columns)
    figure = make_figure(max(2.3 * columns, 5.0), 2.9 * rows + 0.7)
    wrong = predictions[~predictions["correct"].astype(bool)]
    figure.suptitle(
        f"Worst mistakes: {len(worst)} of {wrong['group'].nunique()}, one of each group "
        f"({len(wrong):,} of {len(predictions):,} slices)",
        x=0.02,
        ha="left",
        fontsize=TITLE_SIZE,
        color=INK,
        fontweight="bold",
    )
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (_, row) in zip(grid.flat, worst.iterrows(), strict=False):
        _plot_slice(axes, row, read_image(str(row["path"])))
    return figure


def _plot_slice(axes: Axes, row: pd.Series, image: NDArray[np.uint8]) -> None:
    axes.set_axis_on()
    axes.set_anchor("N")  # the titles of a row stand at one height
    axes.imshow(image)
    axes.set_xticks(())
    axes.set_yticks(())
    for spine in axes.spines.values():
        spine.set_color(LINE)
    truth = "a tumor, missed" if row["label"] == 1 else "no tumor, called one"
    axes.set_title(truth, fontsize=SMALL_SIZE + 0.5, color=VERMILLION, fontweight="bold", pad=5)
    name = shorten_text(PurePath(str(row["path"])).name, _NAME_LENGTH)
    axes.set_xlabel(
        f"tumor probability {row['probability']:.3f}\n{name}",
        # A dollar sign in a file name must not start a formula.
        fontsize=SMALL_SIZE - 1,
        color=MUTED,
        parse_math=False,
        labelpad=5,
        linespacing=1.4,
    )
