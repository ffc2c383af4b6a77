"""How the vote of a series becomes an answer: fitted on votes of series, not on single slices.

The largest of many means is large by itself: among the slices of a healthy head some three exceed,
nearly always, what one slice in ten may exceed. So a vote has a calibration and limits of its own.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.calibration import compute_logits, compute_sigmoid
from tumorscope.evaluation.decisions.conformal import (
    ConformalLimits,
    can_keep_promise,
    fit_conformal,
)
from tumorscope.evaluation.decisions.operating_points import OperatingPoint, choose_operating_points
from tumorscope.evaluation.decisions.vote import calibrate_votes
from tumorscope.evaluation.measures.groups import check_groups, weigh_groups
from tumorscope.evaluation.measures.scores import Labels, check_scores

# Of the slope, per squared logit: a normal prior around 0 with a standard deviation of 3.2. Twenty
# groups say a hundred times as much, but for votes that divide the classes without a mistake: these
# alone would let the slope grow without end.
_PRECISION = 0.1
_MOST_STEPS = 100
_SMALLEST_STEP = 1e-12


class SeriesDecision(NamedTuple):
    """What turns the vote of a series into a probability, and what is said of it.

    Attributes
    ----------
    slope, intercept
        Of the logit of the vote.
    operating_points, limits
        Of the probability.
    no_tumor, tumor
        How many series of each class all this was fitted on.
    """

    slope: float
    intercept: float
    operating_points: tuple[OperatingPoint, ...]
    limits: ConformalLimits
    no_tumor: int
    tumor: int

    def get_threshold(self, operating_point: str) -> float:
        """Give the threshold of an operating point by its name."""
        return {point.name: point.threshold for point in self.operating_points}[operating_point]


def fit_series_decision(
    labels: ArrayLike,
    votes: ArrayLike,
    groups: ArrayLike,
    target_sensitivity: float,
    conformal_error: float,
) -> SeriesDecision | None:
    """Fit calibration, operating points and conformal limits on votes.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for a tumor in any slice. Not modified.
    votes
        Shape (N,), of series that the network was not trained on, within [0, 1]. Not modified.
    groups
        Shape (N,), the group, or patient, of each series; each counts once. Not modified.
    target_sensitivity
        Of the operating point of that name, within (0, 1].
    conformal_error
        The share of each class that may fall outside its set, within (0, 1).

    Returns
    -------
    SeriesDecision or None
        None where a class has series of fewer groups than its conformal limit needs: with limits
        of 1 every series would be uncertain.

    Raises
    ------
    InputError
        The arrays or the settings cannot be used.
    """
    if not np.size(labels):
        return None
    checked_labels, checked_votes = check_scores(labels, votes)
    numbers = np.asarray(groups)
    of_class = [numbers[checked_labels == label] for label in (0, 1)]
    if not all(can_keep_promise(len(np.unique(own)), conformal_error) for own in of_class):
        return None
    slope, intercept = fit_platt(checked_labels, checked_votes, numbers)
    calibrated = calibrate_votes(checked_votes, slope, intercept)
    return SeriesDecision(
        slope,
        intercept,
        choose_operating_points(checked_labels, calibrated, numbers, target_sensitivity),
        fit_conformal(checked_labels, calibrated, numbers, conformal_error),
        *map(len, of_class),
    )


def fit_platt(labels: ArrayLike, votes: ArrayLike, groups: ArrayLike) -> tuple[float, float]:
    """Fit the slope and the intercept of the logit of votes, each group counting once.

    Parameters
    ----------
    labels, votes, groups
        As for `fit_series_decision`.

    Returns
    -------
    tuple
        The slope, at least 0, so that a higher vote never means a lower probability, and the
        intercept: those of the least log loss with a weak normal prior on the slope.

    Raises
    ------
    InputError
        The arrays cannot be used, or one class has no series.

    References
    ----------
    J. Platt, "Probabilistic outputs for support vector machines", 1999.
    """
    checked_labels, checked_votes = check_scores(labels, votes)
    if checked_labels.min() == checked_labels.max():
        raise InputError("a calibration needs series of both classes, found one class only")
    weights = weigh_groups(check_groups(groups, len(checked_labels)))
    rows = np.stack([compute_logits(checked_votes), np.ones(len(checked_votes))], axis=1)
    share = float(np.average(checked_labels, weights=weights))
    start = np.array([0.0, np.log(share / (1 - share))])
    slope, intercept = _minimize(rows, checked_labels, weights, start)
    # Of votes that are lower with a tumor than without: they say nothing, so the share alone does.
    return (float(slope), float(intercept)) if slope > 0 else (0.0, float(start[1]))


def _minimize(
    rows: NDArray[np.float64],
    labels: Labels,
    weights: NDArray[np.float64],
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Find the least log loss with the prior, which is convex, by Newton's method.

    A step that would not lower the loss is halved.
    """
    precision = np.array([_PRECISION, 0.0])
    signs = 1.0 - 2 * labels

    def measure_loss(at: NDArray[np.float64]) -> float:
        return float(weights @ np.logaddexp(0, signs * (rows @ at)) + precision @ at**2 / 2)

    at, loss = start, measure_loss(start)
    for _ in range(_MOST_STEPS):
        means = compute_sigmoid(rows @ at)
        gradient = rows.T @ (weights * (means - labels)) + precision * at
        curvature = (rows.T * (weights * means * (1 - means))) @ rows + np.diag(precision)
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        while np.abs(step).max() > _SMALLEST_STEP and measure_loss(at - step) > loss:
            step = step / 2
        at = at - step
        loss = measure_loss(at)
        if np.abs(step).max() <= _SMALLEST_STEP:
            break
    return at
