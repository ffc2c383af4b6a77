"""How often a verdict is right, of each class, where "uncertain" is as wrong as a wrong one."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, NOT_ASSESSABLE, UNCERTAIN
from tumorscope.evaluation.measures.groups import check_groups
from tumorscope.evaluation.measures.scores import check_scores
from tumorscope.evaluation.uncertainty.bootstrap import bootstrap_mean
from tumorscope.evaluation.uncertainty.exact import compute_exact_interval
from tumorscope.evaluation.uncertainty.intervals import Interval, compute_bootstrap_interval


class VerdictsOfClass(TypedDict):
    """The shares of verdicts among the slices, or series, of one class. Ready for JSON."""

    count: int
    groups: int
    right: float
    interval: Interval | None
    wrong: float
    uncertain: float
    not_assessable: float


class RightVerdicts(TypedDict):
    """Of each class, or None of one that is not there."""

    no_tumor: VerdictsOfClass | None
    tumor: VerdictsOfClass | None


def measure_right_verdicts(
    labels: ArrayLike,
    verdicts: ArrayLike,
    groups: ArrayLike,
    resamples: int = 2000,
    seed: int = 0,
) -> RightVerdicts:
    """Measure which share of each class gets the right verdict.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    verdicts
        Shape (N,): ``tumor``, ``no tumor``, ``uncertain`` or ``not assessable``. Not modified.
    groups
        Shape (N,), the group of each. Not modified.
    resamples, seed
        Of the bootstrap.

    Returns
    -------
    RightVerdicts
        Each slice counts once; the 95 % interval is that of the group bootstrap, and where all
        verdicts are right, or none, the exact one that the number of groups allows.

    Raises
    ------
    InputError
        The arrays cannot be used.
    """
    given = np.asarray(verdicts)
    checked, _ = check_scores(labels, np.zeros(len(given)))
    numbers = check_groups(groups, len(given))
    no_tumor, tumor = (
        _measure(given[checked == label], numbers[checked == label], label, resamples, seed)
        for label in (0, 1)
    )
    return {"no_tumor": no_tumor, "tumor": tumor}


def _measure(
    verdicts: np.ndarray, groups: np.ndarray, label: int, resamples: int, seed: int
) -> VerdictsOfClass | None:
    if not len(verdicts):
        return None
    right = verdicts == CLASS_NAMES[label]
    numbers = check_groups(groups, len(groups))
    count = int(numbers.max()) + 1
    replicates = bootstrap_mean(
        right.astype(np.float64), numbers, np.ones(len(right)), resamples, seed
    )
    return {
        "count": len(right),
        "groups": count,
        "right": float(right.mean()),
        "interval": compute_bootstrap_interval(replicates)
        or compute_exact_interval(float(right.mean()), count),
        "wrong": float((verdicts == CLASS_NAMES[1 - label]).mean()),
        "uncertain": float((verdicts == UNCERTAIN).mean()),
        "not_assessable": float((verdicts == NOT_ASSESSABLE).mean()),
    }
