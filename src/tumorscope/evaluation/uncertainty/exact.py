"""What groups without a single mistake, or without a single hit, still leave open."""

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, harmonic_mean

import numpy as np

from tumorscope.evaluation.measures.groups import GroupedScores, count_independent_pairs
from tumorscope.evaluation.uncertainty.intervals import ROUNDING, TAIL, Interval


def compute_exact_intervals(
    scores: GroupedScores, estimates: Mapping[str, float]
) -> dict[str, Interval | None]:
    """Compute the 95 % intervals of figures that are exactly 0 or 1.

    There all bootstrap resamples agree, and say nothing about how far the truth may be. Each
    group is taken for one trial, all right or not: this assumes that the chance of a mistake does
    not hang on how many slices a group has.

    - Accuracy, sensitivity, specificity and precision have the Clopper-Pearson interval of the
      number of groups that they rest on: of those with a tumor slice, for the sensitivity.
    - Balanced accuracy and F1, the mean and the harmonic mean of two such shares, combine their
      bounds, each at half the error, so that both hold together.
    - AUROC: had a tumor slice and one without been in the right order with a chance below the
      bound, then as many independent pairs of groups as there are would hardly all have been so.

    Parameters
    ----------
    scores
        The slices.
    estimates
        The value of each figure, NaN where undefined.

    Returns
    -------
    dict
        By the name of the figure, [low, high]; None for a figure other than 0 and 1.
    """
    groups, tumor = scores.groups, scores.labels == 1
    called = scores.probabilities >= scores.threshold
    trials = {
        "accuracy": _count(groups),
        "sensitivity": _count(groups[tumor]),
        "recall": _count(groups[tumor]),
        "specificity": _count(groups[~tumor]),
        # Of the repeat that calls the fewest groups a tumor.
        "precision": min(_count(groups[repeat]) for repeat in called),
        "auroc": count_independent_pairs(scores.labels, groups),
    }

    def combine(mean: Callable[[Sequence[float]], float], *parts: str) -> Interval | None:
        bounds = [compute_exact_interval(estimates[part], trials[part], TAIL / 2) for part in parts]
        if None in bounds:
            return None
        return [mean(ends) for ends in zip(*bounds, strict=True)]

    return {
        **{name: compute_exact_interval(estimates[name], trials[name]) for name in trials},
        "balanced_accuracy": combine(fmean, "sensitivity", "specificity"),
        "f1": combine(harmonic_mean, "precision", "sensitivity"),
    }


def compute_exact_interval(estimate: float, trials: int, tail: float = TAIL) -> Interval | None:
    """Compute the exact (Clopper-Pearson) interval of a share of 0 or 1, where resamples agree.

    None of 20 wrong does not mean that none ever will be: the truth may be as low as 0.83.

    Parameters
    ----------
    estimate
        The share.
    trials
        How many independent groups it was counted on.
    tail
        The chance, at most, that the truth lies beyond the open end.

    Returns
    -------
    list or None
        Low and high end; None for a share other than 0 and 1 and without trials.

    References
    ----------
    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the
    case of the binomial", *Biometrika* 26, 1934, 404-413.

    Examples
    --------
    >>> low, high = compute_exact_interval(1.0, 20)
    >>> round(low, 3), high
    (0.832, 1.0)
    """
    if trials < 1:
        return None
    bound = tail ** (1 / trials)
    if abs(estimate - 1) < ROUNDING:
        return [bound, 1.0]
    if abs(estimate) < ROUNDING:
        return [0.0, 1 - bound]
    return None


def _count(groups: np.ndarray) -> int:
    return len(np.unique(groups))
