"""Everything that is measured about a model on labelled slices, ready for JSON."""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.decisions.conformal import ConformalLimits, predict_sets
from tumorscope.evaluation.decisions.verdicts import decide_verdicts
from tumorscope.evaluation.measures.reliability import compute_calibration_error
from tumorscope.evaluation.measures.scores import check_repeats
from tumorscope.evaluation.summary import Summary, summarize_scores
from tumorscope.evaluation.uncertainty.coverage import (
    Coverage,
    VerdictShares,
    measure_coverage,
    measure_verdicts,
)
from tumorscope.evaluation.uncertainty.proportion import Share, measure_share


class CalibrationError(TypedDict):
    """How far probabilities are from the shares of tumors they announce."""

    expected_calibration_error: float
    brier: float


class Calibration(TypedDict):
    """The same slices before and after the probabilities were calibrated."""

    before: CalibrationError
    after: CalibrationError


class OperatingPointFigures(TypedDict):
    """What one threshold gives, each group counting once."""

    threshold: float
    sensitivity: Share
    specificity: Share


class Decisions(TypedDict):
    """How well a model's probabilities are calibrated, and what its decisions are worth."""

    calibration: Calibration
    operating_points: dict[str, OperatingPointFigures]
    coverage: Coverage
    verdicts: VerdictShares


class Assessment(Summary, Decisions):
    """The figures of the probabilities, and those of the decisions made from them."""


def assess_decisions(
    labels: ArrayLike,
    raw_probabilities: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike,
    thresholds: Mapping[str, float],
    applied: str,
    limits: ConformalLimits,
) -> Assessment:
    """Measure probabilities and the decisions a model makes from them.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    raw_probabilities, probabilities
        Shape (N,), or (R, N) of R repeats of a cross-validation, of a tumor, before and after
        calibration, within [0, 1]. Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.
    thresholds
        The model's operating points by name.
    applied
        The name of the one that verdicts are made with.
    limits
        From `fit_conformal`.

    Raises
    ------
    InputError
        The arrays or a threshold cannot be used.
    """
    once, repeats = check_repeats(labels, probabilities)
    summary = summarize_scores(once, repeats, thresholds[applied], groups)
    # Of several repeats the decisions are counted in all of them; each group counts once anyway.
    truth, numbers = (np.tile(np.asarray(one), len(repeats)) for one in (once, groups))
    calibrated = repeats.ravel()
    verdicts = decide_verdicts(calibrated, thresholds[applied], limits)
    return {
        **summary,
        "calibration": {
            "before": _measure_calibration(once, raw_probabilities),
            "after": _measure_calibration(once, repeats),
        },
        "operating_points": {
            name: {
                "threshold": threshold,
                "sensitivity": measure_share(
                    calibrated[truth == 1] >= threshold, numbers[truth == 1]
                ),
                "specificity": measure_share(
                    calibrated[truth == 0] < threshold, numbers[truth == 0]
                ),
            }
            for name, threshold in thresholds.items()
        },
        "coverage": measure_coverage(truth, predict_sets(calibrated, limits), numbers),
        "verdicts": measure_verdicts(truth, verdicts, numbers),
    }


def _measure_calibration(labels: ArrayLike, probabilities: ArrayLike) -> CalibrationError:
    truth, repeats = check_repeats(labels, probabilities)
    errors = [compute_calibration_error(truth, repeat) for repeat in repeats]
    return {
        "expected_calibration_error": float(np.mean(errors)),
        "brier": float(np.mean((repeats - truth) ** 2)),
    }
