"""The group bootstrap: how far every figure would move, had other groups been collected."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import GroupedScores, Groups
from tumorscope.evaluation.measures.weighted import METRIC_NAMES, Values, Weights, measure_weighted

# Weights held at a time: 256 kB stay in the processor's cache, which halves the time.
_BLOCK = 1 << 15
# More parts than this tell nothing more about the skewness that they are left out for.
_MOST_PARTS = 500
_FEWEST_RESAMPLES = 100


class Replicates(NamedTuple):
    """One figure as measured, and what it is on other selections of the same groups.

    NaN stands for a figure that its slices leave undefined.
    """

    estimate: float
    resampled: Values
    left_out: Values


def check_resamples(resamples: int) -> None:
    """Refuse so few resamples that their tails hold nothing.

    Raises
    ------
    InputError
        Fewer than 100.
    """
    if resamples < _FEWEST_RESAMPLES:
        raise InputError(
            f"expected at least {_FEWEST_RESAMPLES} bootstrap resamples, found {resamples}"
        )


def bootstrap_metrics(
    scores: GroupedScores, weights: Weights, resamples: int, seed: int
) -> dict[str, Replicates]:
    """Compute every figure as measured, on resampled groups, and with groups left out.

    Parameters
    ----------
    scores
        The slices. A resample draws whole groups with replacement, as many as there are: all
        slices of a group, and all repeats of a slice, together.
    weights
        Shape (N,), how much a slice counts each time that it is drawn.
    resamples
        How many resamples to draw.
    seed
        The same groups, resamples and seed give the same draws, so that two weightings or two
        models can be compared resample by resample.

    Returns
    -------
    dict
        For each of `METRIC_NAMES` its `Replicates`: `resampled` of shape (resamples,),
        `left_out` of one value for each group (or each of 500 parts of very many groups).

    References
    ----------
    A. C. Davison, D. V. Hinkley, *Bootstrap Methods and their Application*, Cambridge University
    Press 1997, section 3.8 (whole clusters are resampled).
    """

    def measure(selections: Iterable[Weights]) -> dict[str, Values]:
        blocks = [
            measure_weighted(scores.labels, scores.probabilities, scores.threshold, times * weights)
            for times in selections
        ]
        return {name: np.concatenate([block[name] for block in blocks]) for name in METRIC_NAMES}

    estimate = measure([np.ones((1, len(weights)))])
    resampled = measure(_draw_resamples(scores.groups, resamples, seed))
    left_out = measure(_leave_out_parts(scores.groups))
    return {
        name: Replicates(float(estimate[name][0]), resampled[name], left_out[name])
        for name in METRIC_NAMES
    }


def bootstrap_mean(
    values: Values, groups: Groups, weights: Weights, resamples: int, seed: int
) -> Replicates:
    """Compute the mean of a figure of single slices, on resampled groups, and with groups left out.

    Parameters
    ----------
    values
        Shape (N,), finite; of two models or methods, their differences.
    groups
        Shape (N,), as `check_groups` numbers them.
    weights
        Shape (N,), how much a slice counts each time that it is drawn.
    resamples, seed
        As for `bootstrap_metrics`.
    """

    def average(selections: Iterable[Weights]) -> Values:
        blocks = [times * weights for times in selections]
        return np.concatenate([block @ values / block.sum(axis=1) for block in blocks])

    with np.errstate(invalid="ignore"):  # the only group left out leaves nothing
        return Replicates(
            float(np.average(values, weights=weights)),
            average(_draw_resamples(groups, resamples, seed)),
            average(_leave_out_parts(groups)),
        )


def _draw_resamples(groups: Groups, resamples: int, seed: int) -> Iterator[Weights]:
    """Draw groups with replacement; give blocks of how often each slice stands in a resample."""
    generator = np.random.default_rng(seed)
    count = int(groups.max()) + 1
    for rows in _block_rows(resamples, len(groups)):
        drawn = generator.integers(count, size=(len(rows), count))
        # One bin for each group of each resample, counted in a single pass.
        bins = drawn + count * np.arange(len(rows))[:, np.newaxis]
        times = np.bincount(bins.ravel(), minlength=len(rows) * count).reshape(-1, count)
        yield times[:, groups].astype(np.float64)


def _leave_out_parts(groups: Groups) -> Iterator[Weights]:
    """Leave out each group in turn, or each part of very many groups."""
    parts = groups % _MOST_PARTS
    for rows in _block_rows(int(parts.max()) + 1, len(groups)):
        yield (parts != np.array(rows)[:, np.newaxis]).astype(np.float64)


def _block_rows(rows: int, columns: int) -> Iterator[range]:
    height = max(1, _BLOCK // columns)
    for start in range(0, rows, height):
        yield range(start, min(start + height, rows))
