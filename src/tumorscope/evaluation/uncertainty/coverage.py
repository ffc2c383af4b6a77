"""Whether conformal sets keep their promise, and what the verdicts made from them are worth."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, UNCERTAIN
from tumorscope.evaluation.measures.scores import check_scores
from tumorscope.evaluation.uncertainty.proportion import Share, measure_share


class Coverage(TypedDict):
    """For each class the share of its slices whose set holds it."""

    no_tumor: Share
    tumor: Share


class VerdictShares(TypedDict):
    """The share of slices left uncertain, and of wrong verdicts among all others."""

    uncertain: Share
    wrong_of_certain: Share


def measure_coverage(labels: ArrayLike, sets: ArrayLike, groups: ArrayLike) -> Coverage:
    """Measure for each class how often the set of a slice held it, each group counting once.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    sets
        Shape (N, 2), bool, as `predict_sets` gives them. Not modified.
    groups
        Shape (N,), the group of each slice; give each slice its own and each counts once. Not
        modified.

    Returns
    -------
    Coverage
        On the groups that hold the class: at least 1 - error, but for chance, if the groups
        come from where those of the fit came from.

    Raises
    ------
    InputError
        The arrays cannot be used.
    """
    checked_sets = np.asarray(sets, np.bool_)
    if checked_sets.ndim != 2 or checked_sets.shape[1] != 2:
        raise InputError(f"sets must have shape (N, 2), found {checked_sets.shape}")
    # To be in a set is a probability of 1 as far as checking is concerned.
    checked_labels, _ = check_scores(labels, checked_sets[:, 1])
    checked_groups = np.asarray(groups)
    no_tumor, tumor = (
        measure_share(checked_sets[of_class, label], checked_groups[of_class])
        for label in (0, 1)
        for of_class in [checked_labels == label]
    )
    return {"no_tumor": no_tumor, "tumor": tumor}


def measure_verdicts(labels: ArrayLike, verdicts: ArrayLike, groups: ArrayLike) -> VerdictShares:
    """Measure how many verdicts are uncertain, and how many of the others are wrong.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    verdicts
        Shape (N,), as `decide_verdicts` gives them. Not modified.
    groups
        As in `measure_coverage`.

    Returns
    -------
    VerdictShares
        The second on the groups with a certain verdict.

    Raises
    ------
    InputError
        The arrays cannot be used.
    """
    given = np.asarray(verdicts)
    is_uncertain = given == UNCERTAIN
    checked_labels, _ = check_scores(labels, is_uncertain)
    checked_groups = np.asarray(groups)
    is_wrong = given != np.array(CLASS_NAMES)[checked_labels]
    return {
        "uncertain": measure_share(is_uncertain, checked_groups),
        "wrong_of_certain": measure_share(is_wrong[~is_uncertain], checked_groups[~is_uncertain]),
    }
