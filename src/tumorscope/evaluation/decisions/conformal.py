"""Conformal sets: the classes that a slice may have, with a promise of how often they miss."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.scores import Probabilities, check_scores

Sets = NDArray[np.bool_]


class ConformalLimits(NamedTuple):
    """The largest nonconformity, 1 - probability of a class, with which a slice is in its set."""

    no_tumor: float
    tumor: float


def fit_conformal(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike,
    error: float = 0.10,
    seed: int = 0,
) -> ConformalLimits:
    """Find limits such that, of each class, at most a share `error` of new slices falls outside.

    Split conformal prediction, each class by itself (Mondrian): the nonconformity to the true
    class, 1 - its probability, is ranked over n validation slices of a class, and the limit is
    the one at rank ceil((n + 1)(1 - error)).
    The promise needs slices that could as well have come in any other order. Copies and slices
    of one patient could not, groups can: so of each class one slice is drawn at random from
    every group, and the promise is for such a slice of a new group from the same source.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1], of slices that the network was not trained on.
        Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.
    error
        The share of each class that may fall outside its set, within (0, 1).
    seed
        The same seed draws the same slices.

    Returns
    -------
    ConformalLimits
        1, which excludes no slice from a class, where the class has fewer groups than
        1 / error - 1: so few cannot keep the promise otherwise.

    Raises
    ------
    InputError
        The arrays cannot be used, or the error is no share.

    References
    ----------
    V. Vovk, "Conditional validity of inductive conformal predictors", 2012. M. Sadinle, J. Lei,
    L. Wasserman, "Least ambiguous set-valued classifiers with bounded error levels", 2019.
    R. Dunn, L. Wasserman, A. Ramdas, "Distribution-free prediction sets for two-layer
    hierarchical models", 2022 (one draw from each group).
    """
    # Here, so that predicting does not need pandas.
    from tumorscope.evaluation.measures.groups import check_groups

    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    checked_groups = check_groups(groups, len(checked_labels))
    if not 0 < error < 1:
        raise InputError(f"the conformal error must lie within (0, 1), found {error:g}")
    generator = np.random.default_rng(seed)
    nonconformity = _compute_nonconformity(checked_probabilities)
    limits = []
    for label in (0, 1):
        shuffled = generator.permutation(np.flatnonzero(checked_labels == label))
        _, first = np.unique(checked_groups[shuffled], return_index=True)
        limits.append(_find_limit(nonconformity[shuffled[first], label], error))
    return ConformalLimits(*limits)


def predict_sets(probabilities: ArrayLike, limits: ConformalLimits) -> Sets:
    """Give each slice the set of classes whose limit it keeps.

    Parameters
    ----------
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.
    limits
        As `fit_conformal` found them.

    Returns
    -------
    numpy.ndarray
        Shape (N, 2), bool: whether the set holds ``no tumor``, and whether it holds ``tumor``.
    """
    sets: Sets = _compute_nonconformity(np.asarray(probabilities, np.float64)) <= np.array(limits)
    return sets


def _compute_nonconformity(probabilities: Probabilities) -> NDArray[np.float64]:
    """Compute the nonconformity of each slice to both classes, shape (N, 2)."""
    return np.stack([probabilities, 1 - probabilities], axis=1)


def can_keep_promise(groups: int, error: float) -> bool:
    """Tell whether so many groups of a class give it a limit that excludes anything.

    Examples
    --------
    >>> can_keep_promise(8, error=0.1), can_keep_promise(9, error=0.1)
    (False, True)
    """
    return _find_rank(groups, error) <= groups


def count_needed_groups(error: float) -> int:
    """Count the groups of a class that its limit needs to exclude anything.

    Examples
    --------
    >>> count_needed_groups(error=0.1)
    9
    """
    return math.ceil(round(1 / error - 1, 9))


def _find_limit(nonconformity: NDArray[np.float64], error: float) -> float:
    if not can_keep_promise(len(nonconformity), error):
        return 1.0
    return float(np.sort(nonconformity)[_find_rank(len(nonconformity), error) - 1])


def _find_rank(count: int, error: float) -> int:
    # Rounded, because 10 * (1 - 0.1) must not become 10 by a last digit.
    return math.ceil(round((count + 1) * (1 - error), 9))
