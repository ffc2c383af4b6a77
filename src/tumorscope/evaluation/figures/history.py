"""How accuracy and loss went, epoch by epoch, over both phases of the training."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tumorscope.errors import InputError
from tumorscope.evaluation.figures.style import (
    BLUE,
    DASHES,
    INK,
    MUTED,
    SMALL_SIZE,
    VERMILLION,
    make_figure,
    mark_point,
    style_axes,
)

_COLUMNS = ("epoch", "phase", "loss", "accuracy", "val_loss", "val_accuracy")
_FEW_EPOCHS = 12


def plot_history(history: pd.DataFrame) -> Figure:
    """Draw accuracy and loss over the epochs, with the switch of phase and the best epoch.

    Parameters
    ----------
    history
        One row per epoch with `epoch` (counted from 1 over both phases), `phase` (`frozen` or
        `fine_tune`), `loss`, `accuracy`, `val_loss` and `val_accuracy`. Not modified. The best
        epoch is the one of the lowest `val_loss`. What was never measured has no curve.

    Raises
    ------
    InputError
        No epoch, or a column is missing.
    """
    _check_history(history)
    figure = make_figure(10.0, 4.2)
    accuracy_axes, loss_axes = figure.subplots(1, 2)
    _plot_panel(accuracy_axes, history, "accuracy", "Accuracy")
    _plot_panel(loss_axes, history, "loss", "Loss")
    top = accuracy_axes.get_ylim()[1]
    accuracy_axes.set_ylim(top=min(top, 1.005))
    return figure


def _check_history(history: pd.DataFrame) -> None:
    missing = [column for column in _COLUMNS if column not in history.columns]
    if missing:
        raise InputError(f"the training history has no column {', '.join(missing)}")
    if history.empty:
        raise InputError("the training history holds no epoch")


def _plot_panel(axes: Axes, history: pd.DataFrame, name: str, title: str) -> None:
    style_axes(axes, title, "epoch", "")
    # Dots as well while they are few, because one epoch alone makes no line.
    marker = "o" if len(history) <= _FEW_EPOCHS else ""
    for column, color, label in (
        (name, BLUE, "training"),
        (f"val_{name}", VERMILLION, "validation"),
    ):
        if history[column].isna().all():
            continue
        axes.plot(
            history["epoch"],
            history[column],
            color=color,
            linewidth=1.8,
            marker=marker,
            markersize=4,
            label=label,
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlim(history["epoch"].min() - 0.5, history["epoch"].max() + 0.5)
    axes.margins(y=0.12)
    _mark_switch(axes, history)
    _mark_best_epoch(axes, history, f"val_{name}")
    axes.legend(loc="best", frameon=False, fontsize=SMALL_SIZE, labelcolor=INK)


def _mark_switch(axes: Axes, history: pd.DataFrame) -> None:
    """Mark where the frozen phase ends, if the history holds both phases."""
    fine_tuned = history.loc[history["phase"] == "fine_tune", "epoch"]
    if fine_tuned.empty or len(fine_tuned) == len(history):
        return
    switch = float(fine_tuned.min()) - 0.5
    axes.axvline(switch, color=MUTED, linewidth=1.0, linestyle=DASHES)
    axes.annotate(
        "fine-tuning",
        xy=(switch, 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(4, -2),
        textcoords="offset points",
        va="top",
        fontsize=SMALL_SIZE,
        color=MUTED,
    )


def _mark_best_epoch(axes: Axes, history: pd.DataFrame, column: str) -> None:
    if history["val_loss"].isna().all():
        return
    best = int(history["val_loss"].argmin())
    epoch = int(history["epoch"].iloc[best])
    value = float(history[column].iloc[best])
    mark_point(axes, epoch, value, f"best epoch: {epoch} ({value:.3f})")
