"""The figures of many maps: means with intervals, and how methods stand to one another."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import check_groups, weigh_groups
from tumorscope.evaluation.uncertainty.bootstrap import bootstrap_mean, check_resamples
from tumorscope.evaluation.uncertainty.intervals import Interval, compute_bootstrap_interval

Values = NDArray[np.float64]


class Estimate(TypedDict):
    """A mean with its 95 % interval. Ready for JSON."""

    mean: float
    interval: Interval | None


class MeanFigure(Estimate):
    """A mean where each slice counts once and, in `per_group`, where each group does."""

    per_group: Estimate


def summarize_methods(
    table: pd.DataFrame, figures: Sequence[str], resamples: int = 2000, seed: int = 0
) -> dict[str, dict[str, MeanFigure]]:
    """Average the figures of each method, with intervals of the group bootstrap.

    Parameters
    ----------
    table
        One row per slice and method: ``path``, ``group``, ``method`` and the figures.
    figures
        The columns to average.
    resamples, seed
        As for `summarize_scores`.

    Returns
    -------
    dict
        Method to figure to `MeanFigure`, in the order of the table.

    Raises
    ------
    InputError
        There is no row, or too few resamples are asked for.
    """
    check_resamples(resamples)
    if table.empty:
        raise InputError("no slice was measured")
    return {
        str(method): {
            figure: _estimate(
                rows[figure].to_numpy(np.float64), rows["group"].to_numpy(), resamples, seed
            )
            for figure in figures
        }
        for method, rows in table.groupby("method", sort=False)
    }


def compare_methods(
    table: pd.DataFrame, method: str, figures: Sequence[str], resamples: int = 2000, seed: int = 0
) -> dict[str, dict[str, MeanFigure]]:
    """Average how far one method is above each other one, paired by slice.

    Parameters
    ----------
    table, figures, resamples, seed
        As for `summarize_methods`.
    method
        The one that the others are subtracted from.

    Returns
    -------
    dict
        Other method to figure to the mean of the differences.

    Raises
    ------
    InputError
        The methods did not answer for the same slices.
    """
    check_resamples(resamples)
    by_method = {
        str(name): rows.set_index("path") for name, rows in table.groupby("method", sort=False)
    }
    own = by_method.pop(method)
    compared = {}
    for other, rows in by_method.items():
        if set(rows.index) != set(own.index):
            raise InputError(f"{method} and {other} were not measured on the same slices")
        difference = own[list(figures)] - rows.loc[own.index, list(figures)]
        compared[other] = {
            figure: _estimate(
                difference[figure].to_numpy(np.float64), own["group"].to_numpy(), resamples, seed
            )
            for figure in figures
        }
    return compared


def find_best(
    summary: Mapping[str, Mapping[str, MeanFigure]], figure: str, among: Sequence[str]
) -> str:
    """Name the method of the highest mean among some."""
    return max(among, key=lambda method: summary[method][figure]["mean"])


def _estimate(values: Values, groups: NDArray[np.generic], resamples: int, seed: int) -> MeanFigure:
    def average(weights: Values) -> Estimate:
        replicates = bootstrap_mean(values, numbers, weights, resamples, seed)
        interval = compute_bootstrap_interval(replicates)
        return {"mean": replicates.estimate, "interval": interval}

    numbers = check_groups(groups, len(values))
    return {**average(np.ones(len(values))), "per_group": average(weigh_groups(groups))}
