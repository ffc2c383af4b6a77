"""Groups of slices: copies of one another, or one patient's, which are no independent evidence."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.scores import (
    Labels,
    Probabilities,
    check_repeats,
    check_threshold,
)

Groups = NDArray[np.int64]


class GroupedScores(NamedTuple):
    """What is measured: labels (N,), probabilities (R, N) of R repeats, and groups (N,)."""

    labels: Labels
    probabilities: Probabilities
    threshold: float
    groups: Groups


def check_grouped_scores(
    labels: ArrayLike, probabilities: ArrayLike, threshold: float, groups: ArrayLike
) -> GroupedScores:
    """Refuse scores and groups that no figure can be computed from.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), or (R, N) of R repeats of a cross-validation, within [0, 1]. Not modified.
    threshold
        A slice whose probability is at least this is called a tumor, within [0, 1].
    groups
        Shape (N,), the group of each slice. Not modified.

    Raises
    ------
    InputError
        As in `check_scores`, `check_threshold` and `check_groups`.
    """
    checked_labels, repeats = check_repeats(labels, probabilities)
    return GroupedScores(
        checked_labels, repeats, check_threshold(threshold), check_groups(groups, len(repeats[0]))
    )


def check_groups(groups: ArrayLike, slices: int) -> Groups:
    """Refuse groups that do not name one group for each slice, and number them from 0.

    Parameters
    ----------
    groups
        Shape (N,), the group of each slice: integers or strings. Not modified.
    slices
        N, how many slices there are.

    Returns
    -------
    numpy.ndarray
        Shape (N,), int64: the same groups, numbered from 0 without gaps.

    Raises
    ------
    InputError
        Not one group for each slice, or a slice without a group.
    """
    given = np.asarray(groups)
    if given.shape != (slices,):
        raise InputError(
            f"expected one group for each of {slices} slices, found groups of shape {given.shape}"
        )
    numbers, _ = pd.factorize(given, sort=True)
    if (numbers < 0).any():
        raise InputError(f"slice {int(np.argmin(numbers))} has no group; give each slice one")
    return numbers.astype(np.int64)


def weigh_groups(groups: ArrayLike) -> NDArray[np.float64]:
    """Weigh slices such that each group counts once: 1 / (number of slices of its group).

    Parameters
    ----------
    groups
        Shape (N,), the group of each slice that is measured. Not modified.

    Returns
    -------
    numpy.ndarray
        Shape (N,), float64, within (0, 1]; the weights of a group add up to 1.

    Raises
    ------
    InputError
        A slice without a group.

    Examples
    --------
    >>> weigh_groups([7, 3, 7]).tolist()
    [0.5, 1.0, 0.5]
    """
    numbers = check_groups(groups, len(np.atleast_1d(groups)))
    weights: NDArray[np.float64] = 1 / np.bincount(numbers)[numbers]
    return weights


def count_independent_pairs(labels: Labels, groups: Groups) -> int:
    """Count how many pairs of a slice with and one without a tumor share no group at all.

    Parameters
    ----------
    labels, groups
        Shape (N,) each, as `check_scores` and `check_groups` return them.

    Returns
    -------
    int
        The most disjoint pairs of groups, one with a tumor slice and one without, that there are.
    """
    with_tumor, without = (len(np.unique(groups[labels == label])) for label in (1, 0))
    # A group that holds both can stand on either side, but only once.
    return min(with_tumor, without, len(np.unique(groups)) // 2)
