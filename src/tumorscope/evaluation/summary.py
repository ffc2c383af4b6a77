"""The summary of an evaluation: every figure with its interval, by slices and by groups."""

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.measures.groups import GroupedScores, check_grouped_scores, weigh_groups
from tumorscope.evaluation.measures.metrics import Metrics, compute_metrics
from tumorscope.evaluation.measures.weighted import Weights
from tumorscope.evaluation.uncertainty.bootstrap import bootstrap_metrics, check_resamples
from tumorscope.evaluation.uncertainty.delong import DeLongInterval, compute_delong_interval
from tumorscope.evaluation.uncertainty.exact import compute_exact_intervals
from tumorscope.evaluation.uncertainty.intervals import Interval, compute_bootstrap_interval


class MetricsWithIntervals(Metrics):
    """The figures, and how far each may be from its truth. Ready for JSON."""

    groups: int
    intervals: dict[str, Interval | None]
    auroc_delong: DeLongInterval | None


class Summary(MetricsWithIntervals):
    """The figures where each slice counts once and, in `per_group`, where each group does."""

    per_group: MetricsWithIntervals


def summarize_scores(
    labels: ArrayLike,
    probabilities: ArrayLike,
    threshold: float,
    groups: ArrayLike,
    resamples: int = 2000,
    seed: int = 0,
) -> Summary:
    """Compute every reported figure with its 95 % interval, by slices and by groups.

    The intervals come from the group bootstrap (`compute_bootstrap_interval`), because slices of
    one group are no independent evidence. Where all resamples agree, as after no mistake at all,
    the bootstrap has nothing to say: `compute_exact_intervals` then gives what the number of
    groups allows (20 groups without a mistake: [0.83, 1]), and a figure without such an interval
    has None.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), or (R, N) of R repeats of a cross-validation, of a tumor, within [0, 1]: a
        figure is computed for each repeat and averaged, and so are the counts. Not modified.
    threshold
        A slice whose probability is at least this is called a tumor, within [0, 1].
    groups
        Shape (N,), the group of each slice. Not modified.
    resamples
        How many bootstrap resamples to draw, at least 100.
    seed
        The same seed gives the same intervals.

    Returns
    -------
    Summary
        All of `Metrics`; `groups`, how many there are; `intervals`, from the name of a figure to
        [low, high] or None; `auroc_delong`; and `per_group`, the same where each group counts
        once (weights of `weigh_groups`).

    Raises
    ------
    InputError
        The arrays, the threshold or the number of resamples cannot be used.
    """
    scores = check_grouped_scores(labels, probabilities, threshold, groups)
    check_resamples(resamples)
    slices = _summarize(scores, None, resamples, seed)
    return {**slices, "per_group": _summarize(scores, weigh_groups(groups), resamples, seed)}


def _summarize(
    scores: GroupedScores, weights: Weights | None, resamples: int, seed: int
) -> MetricsWithIntervals:
    labels, probabilities, threshold, groups = scores
    full = np.ones(len(labels)) if weights is None else weights
    replicates = bootstrap_metrics(scores, full, resamples, seed)
    exact = compute_exact_intervals(
        scores, {name: replicate.estimate for name, replicate in replicates.items()}
    )
    return {
        **compute_metrics(labels, probabilities, threshold, weights),
        "groups": int(groups.max()) + 1,
        "intervals": {
            name: compute_bootstrap_interval(replicate) or exact.get(name)
            for name, replicate in replicates.items()
        },
        "auroc_delong": compute_delong_interval(labels, probabilities, groups, full),
    }
