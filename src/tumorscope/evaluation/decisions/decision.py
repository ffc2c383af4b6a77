"""How a network's probability becomes an answer: everything that validation slices decide."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.decisions.calibration import apply_temperature, fit_temperature
from tumorscope.evaluation.decisions.conformal import ConformalLimits, fit_conformal
from tumorscope.evaluation.decisions.operating_points import OperatingPoint, choose_operating_points


class Decision(NamedTuple):
    """A temperature, and what is said of the probabilities it gives."""

    temperature: float
    operating_points: tuple[OperatingPoint, ...]
    limits: ConformalLimits

    def get_threshold(self, operating_point: str) -> float:
        """Give the threshold of an operating point by its name."""
        (threshold,) = (
            point.threshold for point in self.operating_points if point.name == operating_point
        )
        return threshold


def fit_decision(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike,
    target_sensitivity: float,
    conformal_error: float,
) -> Decision:
    """Fit the temperature, then operating points and conformal limits on what it gives.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor, of validation slices. Not modified.
    probabilities
        Shape (N,), of a tumor, as the network gave them, within [0, 1]. Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.
    target_sensitivity
        Of the operating point of that name, within (0, 1].
    conformal_error
        The share of each class that may fall outside its set, within (0, 1).

    Returns
    -------
    Decision
        Thresholds and limits apply to calibrated probabilities.

    Raises
    ------
    InputError
        The arrays or the settings cannot be used, or one class has no slice.
    """
    temperature = fit_temperature(labels, probabilities, groups)
    calibrated = apply_temperature(np.asarray(probabilities), temperature)
    return Decision(
        temperature,
        choose_operating_points(labels, calibrated, groups, target_sensitivity),
        fit_conformal(labels, calibrated, groups, conformal_error),
    )
