"""The forest plot of a comparison: how much better or worse the second model is, by figure."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tumorscope.evaluation.comparison import Comparison, Difference
from tumorscope.evaluation.figures.style import (
    BLUE,
    DASHES,
    INK,
    LABEL_SIZE,
    MUTED,
    SMALL_SIZE,
    TITLE_SIZE,
    VERMILLION,
    make_figure,
    shorten_text,
    style_axes,
)

_SHARES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "auroc": "AUROC",
    "average_precision": "Average precision",
}
# Of losses less is better: on axes of their own, reversed, so that better is always right.
_LOSSES = ({"brier": "Brier score\n(axis reversed)"}, {"log_loss": "Log loss\n(axis reversed)"})
_OFFSET = 0.19
_NAME_LENGTH = 30
_BELOW_TICKS = 24  # points


def plot_comparison(comparison: Comparison, names: tuple[str, str]) -> Figure:
    """Draw the paired difference of every figure with its 95 % interval; right is better.

    Parameters
    ----------
    comparison
        As `compare_scores` gives it.
    names
        The names of the first and the second model.
    """
    first, second = (shorten_text(name, _NAME_LENGTH) for name in names)
    figure = make_figure(8.2, 7.2)
    figure.suptitle(
        "Paired differences with 95 % intervals",
        x=0.02,
        ha="left",
        fontsize=TITLE_SIZE,
        color=INK,
        fontweight="bold",
    )
    shares, *losses = figure.subplots(3, 1, height_ratios=[8, 1.4, 1.4])
    _draw_panel(shares, comparison, _SHARES)
    _add_legend(shares, comparison)
    for axes, panel in zip(losses, _LOSSES, strict=True):
        _draw_panel(axes, comparison, panel)
        axes.invert_xaxis()
    for side, told in (
        ("right", f"\N{LEFTWARDS ARROW} {first} better   "),
        ("left", f"   {second} better \N{RIGHTWARDS ARROW}"),
    ):
        axes.annotate(
            told,
            (0, 0),
            (0, -_BELOW_TICKS),
            xycoords=axes.get_xaxis_transform(),
            textcoords="offset points",
            ha=side,
            va="top",
            fontsize=LABEL_SIZE,
            color=INK,
            # A dollar sign in a name must not start a formula.
            parse_math=False,
        )
    return figure


def _draw_panel(axes: Axes, comparison: Comparison, panel: dict[str, str]) -> None:
    style_axes(axes, "", "", "")
    axes.axvline(0, color=MUTED, linewidth=1, linestyle=DASHES)
    by_slice, by_group = comparison["differences"], comparison["per_group"]["differences"]
    for place, name in enumerate(panel):
        _draw_difference(axes, place - _OFFSET, by_slice[name], BLUE, "o")
        _draw_difference(axes, place + _OFFSET, by_group[name], VERMILLION, "s")
    axes.set_yticks(range(len(panel)), list(panel.values()))
    axes.tick_params(axis="y", labelsize=LABEL_SIZE, labelcolor=INK)
    axes.set_ylim(len(panel) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(7))
    axes.margins(x=0.06)


def _draw_difference(
    axes: Axes, place: float, difference: Difference, color: str, marker: str
) -> None:
    """Draw one difference with its interval, and write both beside the axes."""
    value, interval = difference["difference"], difference["interval"]
    if value is None:
        text = "undefined"
    else:
        axes.plot([value], [place], marker=marker, markersize=5, color=color, linestyle="none")
        text = _sign(value)
    if interval is not None:
        axes.plot(interval, [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
        text += f"  [{_sign(interval[0])}, {_sign(interval[1])}]"
    axes.text(
        1.02,
        place,
        text,
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=SMALL_SIZE,
        color=color,
    )


def _sign(value: float) -> str:
    """Write a difference with its sign, a true minus as on the axes."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _add_legend(axes: Axes, comparison: Comparison) -> None:
    for label, color, marker in (
        (f"each of {comparison['slices']} slices counts once", BLUE, "o"),
        (f"each of {comparison['groups']} groups counts once", VERMILLION, "s"),
    ):
        axes.plot([], [], color=color, marker=marker, markersize=5, linewidth=1.8, label=label)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2,
        borderaxespad=0.1,
        borderpad=0.2,
        frameon=False,
        fontsize=SMALL_SIZE,
        labelcolor=INK,
    )
