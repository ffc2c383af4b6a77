"""DeLong's standard error of the AUROC and paired test, for slices that stand in groups.

Each slice contributes its *placement*: the share of the slices of the other class that it is
ranked on the right side of. The AUROC is the mean placement; its variance is that of the
placements (DeLong et al. 1988), found by sorting instead of by comparing all pairs (Sun & Xu 2014),
with the placements of a group added up first, because they vary together (Obuchowski 1997). With
every slice its own group this is the usual DeLong variance.

References
----------
E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, "Comparing the areas under two or more correlated
receiver operating characteristic curves: a nonparametric approach", *Biometrics* 44, 1988, 837-845.

X. Sun, W. Xu, "Fast implementation of DeLong's algorithm for comparing the areas under correlated
receiver operating characteristic curves", *IEEE Signal Processing Letters* 21, 2014, 1389-1393.

N. A. Obuchowski, "Nonparametric analysis of clustered ROC curve data", *Biometrics* 53, 1997,
567-578.
"""

from statistics import NormalDist
from typing import TypedDict

import numpy as np

from tumorscope.evaluation.measures.groups import Groups, count_independent_pairs
from tumorscope.evaluation.measures.scores import Labels, Probabilities
from tumorscope.evaluation.measures.weighted import Values, Weights
from tumorscope.evaluation.uncertainty.exact import compute_exact_interval
from tumorscope.evaluation.uncertainty.intervals import CRITICAL, ROUNDING


class DeLongInterval(TypedDict):
    """An AUROC with its standard error and 95 % interval."""

    value: float
    standard_error: float | None
    low: float
    high: float


class DeLongTest(TypedDict):
    """The difference of two AUROCs on the same slices, second minus first."""

    difference: float
    standard_error: float
    low: float
    high: float
    p_value: float


def compute_delong_interval(
    labels: Labels, probabilities: Probabilities, groups: Groups, weights: Weights
) -> DeLongInterval | None:
    """Compute the AUROC with its standard error and 95 % interval, symmetric on the logit scale.

    On the logit scale, because the plain interval, cut off at 1, holds the truth less often: in
    2,000 simulated data sets each of 30, 60 and 150 groups, an AUROC of 0.94 in 82, 88 and 90 %
    against 91, 93 and 94 % on the logit scale.

    Parameters
    ----------
    labels, probabilities
        Shapes (N,) and (R, N), as `check_repeats` returns them. The AUROC is the mean over R
        repeats, and so is each placement.
    groups
        Shape (N,), as `check_groups` returns them.
    weights
        Shape (N,), how much each slice counts: 1, or those of `weigh_groups`.

    Returns
    -------
    DeLongInterval or None
        None with fewer than two groups of a class, and where the placements do not vary. They do
        not either at an AUROC of exactly 1 (or 0); there the standard error is None, not 0, and
        the interval is the exact one of `compute_exact_intervals`.
    """
    placements = _place(labels, probabilities, weights)
    auroc = _average(labels, placements, weights)
    variance = _compute_variance(labels, placements, groups, weights)
    if variance is None:
        return None
    if variance < ROUNDING**2:
        exact = compute_exact_interval(auroc, count_independent_pairs(labels, groups))
        if exact is None:
            return None
        return {"value": auroc, "standard_error": None, "low": exact[0], "high": exact[1]}
    error = float(np.sqrt(variance))
    logit, margin = np.log(auroc / (1 - auroc)), CRITICAL * error / (auroc * (1 - auroc))
    low, high = 1 / (1 + np.exp(margin - logit)), 1 / (1 + np.exp(-margin - logit))
    return {"value": auroc, "standard_error": error, "low": float(low), "high": float(high)}


def compare_delong(
    labels: Labels,
    first: Probabilities,
    second: Probabilities,
    groups: Groups,
    weights: Weights,
) -> DeLongTest | None:
    """Test whether two AUROCs on the same slices differ (two-sided, normal approximation).

    Parameters
    ----------
    labels, groups, weights
        As in `compute_delong_interval`.
    first, second
        Shape (R, N) each, as `check_repeats` returns them.

    Returns
    -------
    DeLongTest or None
        None with fewer than two groups of a class, and where the difference does not vary from
        group to group, as that of two models that rank alike.
    """
    gain = _place(labels, second, weights) - _place(labels, first, weights)
    difference = _average(labels, gain, weights)
    variance = _compute_variance(labels, gain, groups, weights)
    if variance is None or variance < ROUNDING**2:
        return None
    error = float(np.sqrt(variance))
    return {
        "difference": difference,
        "standard_error": error,
        "low": difference - CRITICAL * error,
        "high": difference + CRITICAL * error,
        "p_value": 2 * NormalDist().cdf(-abs(difference) / error),
    }


def _place(labels: Labels, probabilities: Probabilities, weights: Weights) -> Values:
    """Compute the placement of each slice, shape (N,), averaged over repeats."""
    tumor = labels == 1
    placements = np.empty(probabilities.shape)
    for placement, repeat in zip(placements, probabilities, strict=True):
        below = _compute_share_below(repeat[tumor], repeat[~tumor], weights[~tumor])
        above = 1 - _compute_share_below(repeat[~tumor], repeat[tumor], weights[tumor])
        placement[tumor], placement[~tumor] = below, above
    means: Values = placements.mean(axis=0)
    return means


def _compute_share_below(values: Values, others: Values, weights: Weights) -> Values:
    """Compute the weighted share of the others below each value; equal ones count half."""
    if len(others) == 0:
        return np.full(len(values), np.nan)
    order = np.argsort(others)
    sums = np.append(0, np.cumsum(weights[order]))
    below = sums[np.searchsorted(others[order], values, "left")]
    up_to = sums[np.searchsorted(others[order], values, "right")]
    shares: Values = (below + up_to) / (2 * sums[-1])
    return shares


def _average(labels: Labels, placements: Values, weights: Weights) -> float:
    tumor = labels == 1
    return float(np.average(placements[tumor], weights=weights[tumor])) if tumor.any() else np.nan


def _compute_variance(
    labels: Labels, placements: Values, groups: Groups, weights: Weights
) -> float | None:
    """Compute the variance of the mean placement from what each group adds to it."""
    count = int(groups.max()) + 1
    deviations, present = [], []
    for label in (1, 0):
        inside = labels == label
        present.append(len(np.unique(groups[inside])))
        if present[-1] < 2:
            return None
        share = weights[inside] / weights[inside].sum()
        centered = share * (placements[inside] - np.sum(share * placements[inside]))
        deviations.append(np.bincount(groups[inside], centered, minlength=count))
    (tumor, no_tumor), (with_tumor, without) = deviations, present
    variance = (
        with_tumor / (with_tumor - 1) * (tumor @ tumor)
        + without / (without - 1) * (no_tumor @ no_tumor)
        + 2 * count / (count - 1) * (tumor @ no_tumor)
    )
    # Few groups that mix both classes can give a negative estimate.
    return max(float(variance), 0.0)
