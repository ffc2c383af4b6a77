"""What a page says about heatmaps that were measured against outlines."""

from collections.abc import Mapping
from typing import Any, NamedTuple

_COLUMNS = {
    "pointing": "Pointing game",
    "energy": "Energy inside",
    "energy_ratio": "Energy to area",
    "average_precision": "Average precision",
    "iou": "IoU",
    "best_iou": "Best IoU",
    "dice": "Dice",
    "best_dice": "Best Dice",
    "distance": "Distance, %",
    "insertion": "Insertion",
    "deletion": "Deletion",
}


class Cell(NamedTuple):
    """A mean in words: of slices with its interval, and of groups."""

    by_slice: str
    interval: str
    by_group: str


class MethodRow(NamedTuple):
    """A method, its figures in the order of the columns, and its time for a slice."""

    method: str
    cells: list[Cell]
    seconds: str


class LocalizationSummary(NamedTuple):
    """What was measured, methods by figure, and how far the shipped map is above a baseline."""

    slices: int
    groups: int
    copies: int
    columns: list[str]
    rows: list[MethodRow]
    best_baseline: str
    above: Cell


def describe_localization(result: Mapping[str, Any]) -> LocalizationSummary:
    """Put the result of `localize` into words.

    Parameters
    ----------
    result
        As `localize` gives it, or as read back from ``localization.json``.
    """
    best = result["best_baseline"]
    return LocalizationSummary(
        slices=result["slices"]["called_tumor"],
        groups=result["groups"],
        copies=result["slices"]["copies"],
        columns=list(_COLUMNS.values()),
        rows=[
            MethodRow(
                method,
                [_describe(figures[name]) for name in _COLUMNS],
                f"{result['seconds'][method]:.3f}",
            )
            for method, figures in result["methods"].items()
        ],
        best_baseline=best,
        above=_describe(result["above"][best]["pointing"]),
    )


def _describe(figure: Mapping[str, Any]) -> Cell:
    interval = figure["interval"]
    bounds = f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else "no interval"
    return Cell(f"{figure['mean']:.2f}", bounds, f"{figure['per_group']['mean']:.2f}")
