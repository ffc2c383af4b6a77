"""From a probability to a word: tumor, no tumor, or uncertain; or that there is none to give."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.evaluation.decisions.conformal import ConformalLimits, predict_sets

NO_TUMOR, TUMOR = CLASS_NAMES = ("no tumor", "tumor")
UNCERTAIN = "uncertain"
NOT_ASSESSABLE = "not assessable"
"""Of a picture that is no brain MRI slice: its probability means nothing."""


def call_classes(probabilities: ArrayLike, threshold: float) -> NDArray[np.str_]:
    """Call every slice whose probability reaches the threshold a tumor, every other no tumor.

    Parameters
    ----------
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.
    threshold
        Within [0, 1].

    Returns
    -------
    numpy.ndarray
        Shape (N,), of `CLASS_NAMES`.

    Examples
    --------
    >>> call_classes([0.2, 0.5], threshold=0.5).tolist()
    ['no tumor', 'tumor']
    """
    return np.where(np.asarray(probabilities) >= threshold, TUMOR, NO_TUMOR)


def decide_verdicts(
    probabilities: ArrayLike, threshold: float, limits: ConformalLimits
) -> NDArray[np.str_]:
    """Give the class called by the threshold, unless the conformal set holds the other one.

    Uncertain is what could be the other class. A slice whose set is empty is unlike most of either
    class, and called as it is: if wrongly, its true class is not in its set. So whatever the
    threshold, a certain verdict is wrong for at most the share of each class that the limits were
    fitted for, and fewer errors are asked for at the price of more that is uncertain.

    Parameters
    ----------
    probabilities, threshold
        As in `call_classes`.
    limits
        As `fit_conformal` found them.

    Returns
    -------
    numpy.ndarray
        Shape (N,), of `CLASS_NAMES` and `UNCERTAIN`.

    Examples
    --------
    >>> limits = ConformalLimits(no_tumor=0.6, tumor=0.3)
    >>> decide_verdicts([0.1, 0.6, 0.8], threshold=0.5, limits=limits).tolist()
    ['no tumor', 'uncertain', 'tumor']
    """
    called = call_classes(probabilities, threshold)
    has_no_tumor, has_tumor = predict_sets(probabilities, limits).T
    could_be_other = np.where(called == TUMOR, has_no_tumor, has_tumor)
    return np.where(could_be_other, UNCERTAIN, called)
