"""What makes a model useless whatever it is asked: verdicts that never come, answers all alike."""

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.conformal import ConformalLimits
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, decide_verdicts

# Far less than between any two slices of a network that has learned something, or nothing yet.
_LEAST_SPREAD = 0.005


def find_missing_verdicts(
    threshold: float, limits: ConformalLimits, temperature: float = 1.0
) -> tuple[str, ...]:
    """Find the classes that are never the verdict, however sure the network is of them.

    Parameters
    ----------
    threshold, limits
        As for `decide_verdicts`.
    temperature
        As for `apply_temperature`.

    Examples
    --------
    >>> find_missing_verdicts(0.5, ConformalLimits(no_tumor=1.0, tumor=0.3))
    ('tumor',)
    """
    surest = apply_temperature([0.0, 1.0], temperature)
    verdicts = decide_verdicts(surest, threshold, limits)
    return tuple(
        name for name, verdict in zip(CLASS_NAMES, verdicts, strict=True) if verdict != name
    )


def is_collapsed(labels: ArrayLike, probabilities: ArrayLike) -> bool:
    """Tell whether a network gives nearly the same probability to every slice.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, as the network gave them, within [0, 1]. Not modified.

    Returns
    -------
    bool
        Whether their standard deviation is below 0.005, where each class counts half: a rare one
        that is told from the other is enough. Of slices of one class alone nothing can be told: a
        good network may well give all of them the same.
    """
    given, truth = np.asarray(probabilities, np.float64), np.asarray(labels)
    classes = [given[truth == label] for label in np.unique(truth)]
    if len(classes) < 2:
        return False
    mean = np.mean([own.mean() for own in classes])
    variance = np.mean([np.mean((own - mean) ** 2) for own in classes])
    return bool(np.sqrt(variance) < _LEAST_SPREAD)
