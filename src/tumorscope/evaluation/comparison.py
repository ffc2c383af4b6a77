"""Two models on the same slices: the paired difference of every figure, with its interval."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import GroupedScores, check_grouped_scores, weigh_groups
from tumorscope.evaluation.measures.weighted import Weights
from tumorscope.evaluation.uncertainty.bootstrap import (
    Replicates,
    bootstrap_metrics,
    check_resamples,
)
from tumorscope.evaluation.uncertainty.delong import DeLongTest, compare_delong
from tumorscope.evaluation.uncertainty.intervals import Interval, compute_bootstrap_interval
from tumorscope.evaluation.uncertainty.mcnemar import (
    ClusteredMcNemarTest,
    McNemarTest,
    compare_clustered_verdicts,
    compare_verdicts,
)


class Difference(TypedDict):
    """One figure of both models; `difference` is second minus first."""

    first: float | None
    second: float | None
    difference: float | None
    interval: Interval | None


class Differences(TypedDict):
    """Every figure of both models under one way of counting, ready for JSON."""

    differences: dict[str, Difference]
    auroc_delong: DeLongTest | None
    mcnemar_clustered: ClusteredMcNemarTest | None


class Comparison(Differences):
    """Two models compared: each slice counts once and, in `per_group`, each group does."""

    slices: int
    groups: int
    threshold: float
    mcnemar: McNemarTest
    per_group: Differences


def compare_scores(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    threshold: float,
    groups: ArrayLike,
    resamples: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the same slices, by slices and by groups.

    Parameters
    ----------
    labels, threshold, groups, resamples, seed
        As for `summarize_scores`.
    first, second
        Shape (N,), or (R, N) of R repeats of a cross-validation, within [0, 1]: the probability
        of a tumor that each model gives. Figures are averaged over repeats. Not modified.

    Returns
    -------
    Comparison
        - `differences`: each figure of both models, their difference and its 95 % interval (group
          bootstrap; both models are measured on the same resamples). The interval is None where
          all resamples agree, as those of two models without a mistake.
        - `auroc_delong`: the paired test of the two AUROCs.
        - `mcnemar`: the slices that both, one or none of the models has right, with the exact
          p-value. Of several repeats this is the first one, because the test needs one verdict
          for each slice; like every McNemar test it takes slices for independent.
        - `mcnemar_clustered`: the test that knows the groups, over all repeats.
        - `per_group`: the same where each group counts once.

    Raises
    ------
    InputError
        The arrays, the threshold or the number of resamples cannot be used, or the models have
        different numbers of repeats.
    """
    check_resamples(resamples)
    first_scores = check_grouped_scores(labels, first, threshold, groups)
    second_scores = check_grouped_scores(labels, second, threshold, groups)
    if len(first_scores.probabilities) != len(second_scores.probabilities):
        raise InputError(
            f"expected as many repeats of both models, found {len(first_scores.probabilities)} "
            f"and {len(second_scores.probabilities)}"
        )
    by_slice = np.ones(len(first_scores.labels))
    return {
        "slices": len(first_scores.labels),
        "groups": int(first_scores.groups.max()) + 1,
        "threshold": first_scores.threshold,
        **_compare(first_scores, second_scores, by_slice, resamples, seed),
        "mcnemar": compare_verdicts(_is_right(first_scores)[0], _is_right(second_scores)[0]),
        "per_group": _compare(first_scores, second_scores, weigh_groups(groups), resamples, seed),
    }


def _compare(
    first: GroupedScores, second: GroupedScores, weights: Weights, resamples: int, seed: int
) -> Differences:
    of_first = bootstrap_metrics(first, weights, resamples, seed)
    of_second = bootstrap_metrics(second, weights, resamples, seed)
    gain = np.mean(_is_right(second), axis=0) - np.mean(_is_right(first), axis=0)
    return {
        "differences": {name: _subtract(of_first[name], of_second[name]) for name in of_first},
        "auroc_delong": compare_delong(
            first.labels, first.probabilities, second.probabilities, first.groups, weights
        ),
        "mcnemar_clustered": compare_clustered_verdicts(gain, first.groups, weights),
    }


def _subtract(first: Replicates, second: Replicates) -> Difference:
    difference = Replicates(
        second.estimate - first.estimate,
        second.resampled - first.resampled,
        second.left_out - first.left_out,
    )
    return {
        "first": _defined(first.estimate),
        "second": _defined(second.estimate),
        "difference": _defined(difference.estimate),
        "interval": compute_bootstrap_interval(difference),
    }


def _is_right(scores: GroupedScores) -> NDArray[np.bool_]:
    """Tell where the verdicts are right, shape (R, N)."""
    right: NDArray[np.bool_] = (scores.probabilities >= scores.threshold) == scores.labels
    return right


def _defined(figure: float) -> float | None:
    return None if np.isnan(figure) else figure
