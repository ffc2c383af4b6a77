"""McNemar's test of whether two models are right equally often on the same slices."""

from math import comb
from statistics import NormalDist
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from tumorscope.evaluation.measures.groups import Groups
from tumorscope.evaluation.measures.weighted import Values, Weights


class McNemarTest(TypedDict):
    """How many slices each model has right, and the exact p-value of a difference."""

    both_right: int
    only_first_right: int
    only_second_right: int
    both_wrong: int
    p_value: float


class ClusteredMcNemarTest(TypedDict):
    """McNemar's statistic for slices that stand in groups (chi-squared, 1 degree of freedom)."""

    statistic: float
    p_value: float


def compare_verdicts(
    first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]
) -> McNemarTest:
    """Test whether the slices that only one model has right fall to both alike (two-sided, exact).

    It takes every slice for independent of the others; `compare_clustered_verdicts` does not.

    Parameters
    ----------
    first_right, second_right
        Shape (N,), whether each model's verdict on the slice is right.

    References
    ----------
    Q. McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", *Psychometrika* 12, 1947, 153-157.

    Examples
    --------
    >>> right = np.arange(12) < np.array([[10], [4]])
    >>> compare_verdicts(*right)["p_value"]  # 6 slices against 0: 2 / 2**6
    0.03125
    """
    only_first = int(np.sum(first_right & ~second_right))
    only_second = int(np.sum(~first_right & second_right))
    differing, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(comb(differing, count) for count in range(fewer + 1)) / 2**differing
    return {
        "both_right": int(np.sum(first_right & second_right)),
        "only_first_right": only_first,
        "only_second_right": only_second,
        "both_wrong": int(np.sum(~first_right & ~second_right)),
        "p_value": min(1.0, 2 * tail),
    }


def compare_clustered_verdicts(
    gain: Values, groups: Groups, weights: Weights
) -> ClusteredMcNemarTest | None:
    """Test whether the second model is right as often as the first, for slices in groups.

    Parameters
    ----------
    gain
        Shape (N,), within [-1, 1]: 1 where only the second model has the slice right, -1 where
        only the first; the mean over repeats of a cross-validation.
    groups
        Shape (N,), as `check_groups` returns them.
    weights
        Shape (N,). With 1 for each slice this is the test of Obuchowski; with those of
        `weigh_groups` the one of Durkalski, times Obuchowski's (K - 1) / K for K groups, which
        makes it a little more careful.

    Returns
    -------
    ClusteredMcNemarTest or None
        None with fewer than two groups. The p-value is 1 where no verdict differs.

    References
    ----------
    N. A. Obuchowski, "On the comparison of correlated proportions for clustered data",
    *Statistics in Medicine* 17, 1998, 1495-1507.

    V. L. Durkalski, Y. Y. Palesch, S. R. Lipsitz, P. F. Rust, "Analysis of clustered matched-pair
    data", *Statistics in Medicine* 22, 2003, 2417-2428.
    """
    by_group = np.bincount(groups, weights * gain)
    count = len(by_group)
    if count < 2:
        return None
    spread = float(by_group @ by_group)
    if spread == 0:
        return {"statistic": 0.0, "p_value": 1.0}
    statistic = (count - 1) / count * float(by_group.sum()) ** 2 / spread
    return {"statistic": statistic, "p_value": 2 * NormalDist().cdf(-np.sqrt(statistic))}
