"""Shares counted on few groups, with intervals that stay honest at 0 and 100 %."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.measures.groups import check_groups
from tumorscope.evaluation.uncertainty.beta import compute_beta_quantile

_CONFIDENCE = 0.95


class Share(TypedDict):
    """How many slices are so, each group counting once, ready for JSON."""

    groups: int
    share: float | None
    interval: list[float] | None


def measure_share(flags: ArrayLike, groups: ArrayLike) -> Share:
    """Measure for how many slices something is true, each group counting once.

    Parameters
    ----------
    flags
        Shape (N,), bool. Not modified.
    groups
        Shape (N,), the group of each slice; give each slice its own and each counts once. Not
        modified.

    Returns
    -------
    Share
        With the interval of `compute_share_interval`; both None without any slice.

    Raises
    ------
    InputError
        Not one group for each slice.
    """
    checked_flags = np.asarray(flags, np.bool_)
    if checked_flags.size == 0:
        return {"groups": 0, "share": None, "interval": None}
    numbers = check_groups(groups, len(checked_flags))
    of_group = np.bincount(numbers, weights=checked_flags) / np.bincount(numbers)
    return {
        "groups": len(of_group),
        "share": float(of_group.mean()),
        "interval": compute_share_interval(float(of_group.sum()), len(of_group)),
    }


def compute_share_interval(successes: float, trials: float) -> list[float]:
    """Compute the 95 % interval of Clopper and Pearson.

    A bootstrap of 30 successes in 30 trials gives 100 % without any doubt; this gives 88-100 %.

    Parameters
    ----------
    successes
        At most `trials`. A fraction where a group of several slices is one trial with a mean
        between 0 and 1: such means vary less than zeros and ones do, so that the interval is
        then wider than it had to be, never too narrow.
    trials
        Positive; the number of groups.

    Returns
    -------
    list
        The lower and the upper end, within [0, 1].

    References
    ----------
    C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits illustrated in the
    case of the binomial", 1934.

    Examples
    --------
    >>> low, high = compute_share_interval(30, 30)
    >>> round(low, 3), high
    (0.884, 1.0)
    """
    failures = trials - successes
    return [_find_low_end(successes, failures), 1 - _find_low_end(failures, successes)]


def _find_low_end(successes: float, failures: float) -> float:
    tail = (1 - _CONFIDENCE) / 2
    return compute_beta_quantile(successes, failures + 1, tail) if successes > 0 else 0.0
