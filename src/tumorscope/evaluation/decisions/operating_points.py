"""Operating points: thresholds chosen on validation slices for what a user cares about."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import check_groups, weigh_groups
from tumorscope.evaluation.measures.scores import Labels, Probabilities, check_scores

HALF = 0.5
"""The threshold of the operating point ``half``, and of probabilities without any other."""
NAMES = ("half", "youden", "target_sensitivity")
# Sums of fractions that differ by less than this are equal.
_ROUNDING = 1e-9


class OperatingPoint(NamedTuple):
    """A threshold, and what it reaches on the slices it was chosen on."""

    name: str
    threshold: float
    sensitivity: float
    specificity: float


def choose_operating_points(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike,
    target_sensitivity: float = 0.95,
) -> tuple[OperatingPoint, ...]:
    """Choose three thresholds on validation slices, each group counting once.

    ``half`` is 0.5. ``youden`` has the largest sensitivity + specificity - 1; among equally good
    thresholds it is the lowest, which misses the fewest tumors. ``target_sensitivity`` is the
    highest threshold that reaches the sensitivity asked for. A threshold lies midway between two
    neighbouring probabilities, or between 0 and the lowest. The last two are chosen to do well
    on just these slices: expect a little less on new ones.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.
    target_sensitivity
        Within (0, 1].

    Returns
    -------
    tuple
        ``half``, ``youden`` and ``target_sensitivity``, with the sensitivity and specificity
        that each has on these slices.

    Raises
    ------
    InputError
        The arrays cannot be used, one class has no slice, or the target is no sensitivity.

    References
    ----------
    W. J. Youden, "Index for rating diagnostic tests", 1950.
    """
    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    if checked_labels.min() == checked_labels.max():
        raise InputError("operating points need slices of both classes, found one class only")
    if not 0 < target_sensitivity <= 1:
        raise InputError(f"the target sensitivity must lie in (0, 1], found {target_sensitivity:g}")
    weights = weigh_groups(check_groups(groups, len(checked_labels)))
    slices = checked_labels, checked_probabilities, weights
    candidates = _list_thresholds(checked_probabilities)
    sensitivity, specificity = _measure_rates(*slices, candidates)
    youden = sensitivity + specificity - 1
    thresholds = np.array(
        [
            HALF,
            candidates[youden >= youden.max() - _ROUNDING].min(),
            candidates[sensitivity >= target_sensitivity - _ROUNDING].max(),
        ]
    )
    rates = np.transpose([thresholds, *_measure_rates(*slices, thresholds)])
    return tuple(
        OperatingPoint(name, *map(float, row)) for name, row in zip(NAMES, rates, strict=True)
    )


def _list_thresholds(probabilities: Probabilities) -> Probabilities:
    """List one threshold for every division of the slices in which some are called a tumor."""
    distinct = np.unique(probabilities)
    below = np.append(0, distinct[:-1])
    midway = (below + distinct) / 2
    # Between neighbours too near for a number in between, the upper one divides them.
    return np.where(midway > below, midway, distinct)


def _measure_rates(
    labels: Labels,
    probabilities: Probabilities,
    weights: NDArray[np.float64],
    thresholds: Probabilities,
) -> tuple[Probabilities, Probabilities]:
    """Compute sensitivity and specificity at each threshold."""
    missed, cleared = (
        _sum_below(probabilities[labels == label], weights[labels == label], thresholds)
        for label in (1, 0)
    )
    return 1 - missed, cleared


def _sum_below(
    probabilities: Probabilities, weights: NDArray[np.float64], thresholds: Probabilities
) -> Probabilities:
    """Compute the weighted share of slices below each threshold."""
    order = np.argsort(probabilities)
    sums = np.append(0, np.cumsum(weights[order]))
    shares: Probabilities = sums[np.searchsorted(probabilities[order], thresholds)] / sums[-1]
    return shares
