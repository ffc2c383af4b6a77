"""Temperature scaling: the same ranking, with probabilities that mean what they say."""

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.scores import Probabilities, check_scores

# The step of a float32 just below 1: no network's output is surer than this.
_LEAST_PROBABILITY = 2.0**-24
# Where two sigmoids round to the same number, so much of the raw probabilities tells them apart: 16
# steps of a float64 for one of a float32, both just below 1. It moves no probability by more.
_HINT = 2.0**-25
# How many groups' worth of evidence the belief in the network's own confidence (T = 1) weighs.
_PRIOR_GROUPS = 2.0
# The largest value of x / (1 + exp(x)): it bounds how steeply one slice can pull at the slope.
_STEEPEST_PULL = 0.2785


def fit_temperature(labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike) -> float:
    """Find the temperature under which the log loss of validation slices is least.

    Each group counts once. A few dozen validation slices that are all right would let the least
    log loss run off to T = 0, where every answer is given with certainty. So the slope 1/T has a
    gamma distribution as its prior, with its mode at 1 and the weight of two groups: T always
    stays between 0 and infinity, moves no further than the groups have evidence for, and 50
    groups or 50,000 follow the same rule. On simulated scores of 50 to 200 groups, averaged over
    weak and strong networks, this gave new slices a lower log loss than the plain least log loss,
    than the least with Platt's smoothed labels, and than Platt scaling with a shift, unless the
    network leaned to one class by 0.3 in logit or more.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, as the network gave them, within [0, 1]. Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.

    Returns
    -------
    float
        Above 1 where the network was too sure of itself, below 1 where it was too timid.

    Raises
    ------
    InputError
        The arrays cannot be used, or one class has no slice.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", 2017.
    """
    # Here, so that predicting needs neither SciPy nor pandas.
    from scipy.optimize import brentq

    from tumorscope.evaluation.measures.groups import check_groups, weigh_groups

    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    if checked_labels.min() == checked_labels.max():
        raise InputError("a temperature needs slices of both classes, found one class only")
    weights = weigh_groups(check_groups(groups, len(checked_labels)))
    logits = compute_logits(checked_probabilities)

    def differentiate_loss(slope: float) -> float:
        # Of a convex loss, so that it rises with the slope and crosses zero once.
        surprise = compute_sigmoid(slope * logits) - checked_labels
        return float(weights @ (surprise * logits) + _PRIOR_GROUPS * (1 - 1 / slope))

    flattest = _PRIOR_GROUPS / (_PRIOR_GROUPS + weights @ np.abs(logits))
    steepest = 1 + _STEEPEST_PULL * weights.sum() / _PRIOR_GROUPS
    # Halved and doubled, so that rounding cannot put the crossing outside.
    return 1 / float(brentq(differentiate_loss, flattest / 2, steepest * 2))


def apply_temperature(probabilities: ArrayLike, temperature: float) -> Probabilities:
    """Divide the logit of each probability by the temperature; the ranking stays as it was.

    Very sure probabilities, whose sigmoids a float64 cannot tell apart, keep theirs, too. Only very
    near ones below 6e-8 can become equal, at a temperature above 1.

    Parameters
    ----------
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Exact zeros and ones, which no network means, are
        taken as the nearest float32 step inside. Not modified.
    temperature
        Positive; 1 changes nothing.

    Returns
    -------
    numpy.ndarray
        Shape (N,), float64; 0.5 stays 0.5.

    Raises
    ------
    InputError
        The temperature is not a positive number.
    """
    if not 0 < temperature < np.inf:
        raise InputError(f"the temperature must be a positive number, found {temperature:g}")
    given = np.asarray(probabilities, np.float64)
    calibrated = compute_sigmoid(compute_logits(given) / temperature)
    hinted: Probabilities = calibrated + _HINT * (given - calibrated)
    return hinted


def compute_logits(probabilities: Probabilities) -> Probabilities:
    """Compute the logit of each probability; those of 0 and 1 are taken for the nearest inside."""
    inside = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    logits: Probabilities = np.log(inside) - np.log1p(-inside)
    return logits


def compute_sigmoid(logits: Probabilities) -> Probabilities:
    """Compute the probability of each logit."""
    # Two forms of one function: the exponent is never positive, so that it cannot overflow.
    small = np.exp(-np.abs(logits))
    sigmoid: Probabilities = np.where(logits >= 0, 1, small) / (1 + small)
    return sigmoid
