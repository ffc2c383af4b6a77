"""What every evaluation starts from: true labels and the tumor probabilities given to them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError

Labels = NDArray[np.int64]
Probabilities = NDArray[np.float64]


def check_scores(labels: ArrayLike, probabilities: ArrayLike) -> tuple[Labels, Probabilities]:
    """Refuse labels and probabilities that no figure can be computed from.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.

    Returns
    -------
    tuple
        The labels as int64 and the probabilities as float64, shape (N,) each.

    Raises
    ------
    InputError
        Not one-dimensional, empty, of unequal length, not numeric, a label other than 0 and 1,
        or a probability that is not a finite number within [0, 1].
    """
    checked_labels = _check_numbers("labels", labels)
    checked_probabilities = _check_numbers("probabilities", probabilities)
    if len(checked_labels) != len(checked_probabilities):
        raise InputError(
            f"expected one probability for each label, found {len(checked_labels)} labels "
            f"and {len(checked_probabilities)} probabilities"
        )
    if not np.isin(checked_labels, (0, 1)).all():
        strange = checked_labels[~np.isin(checked_labels, (0, 1))][0]
        raise InputError(f"labels must be 0 (no tumor) or 1 (tumor), found {strange:g}")
    # Written so that NaN, which compares false with everything, is caught as well.
    inside = (checked_probabilities >= 0) & (checked_probabilities <= 1)
    if not inside.all():
        strange = checked_probabilities[~inside][0]
        raise InputError(f"probabilities must lie within [0, 1], found {strange:g}")
    return checked_labels.astype(np.int64), checked_probabilities


def check_repeats(labels: ArrayLike, probabilities: ArrayLike) -> tuple[Labels, Probabilities]:
    """Refuse labels, and probabilities of one or several repeats, that give no figure.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), or (R, N) of R repeats of a cross-validation, within [0, 1]. Not modified.

    Returns
    -------
    tuple
        The labels as int64, shape (N,), and the probabilities as float64, shape (R, N).

    Raises
    ------
    InputError
        As in `check_scores`, for any of the repeats.
    """
    numbers = _read_numbers("probabilities", probabilities)
    repeats = list(numbers) if numbers.ndim == 2 else [numbers]
    if not repeats:
        raise InputError("probabilities must hold at least one repeat, found none")
    checked = [check_scores(labels, repeat) for repeat in repeats]
    return checked[0][0], np.stack([checked_probabilities for _, checked_probabilities in checked])


def check_threshold(threshold: float) -> float:
    """Refuse a threshold that is no probability.

    Raises
    ------
    InputError
        Not a finite number within [0, 1].
    """
    if not 0 <= threshold <= 1:
        raise InputError(f"the threshold must lie within [0, 1], found {threshold:g}")
    return float(threshold)


def _check_numbers(name: str, values: ArrayLike) -> Probabilities:
    numbers = _read_numbers(name, values)
    if numbers.ndim != 1:
        raise InputError(f"{name} must have shape (N,), found {numbers.shape}")
    if numbers.size == 0:
        raise InputError(f"{name} must hold at least one slice, found none")
    return numbers


def _read_numbers(name: str, values: ArrayLike) -> Probabilities:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers: {error}") from error
