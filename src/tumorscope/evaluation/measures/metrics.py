"""The figures of a binary classifier on labelled slices, at one threshold and over all."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.scores import check_repeats, check_threshold
from tumorscope.evaluation.measures.weighted import Weights, measure_weighted, sum_verdicts


class Counts(TypedDict):
    """The four cells of the confusion matrix; positive means tumor.

    Whole numbers, unless slices are weighted or several repeats are averaged.
    """

    true_positive: float
    false_positive: float
    true_negative: float
    false_negative: float


class Metrics(TypedDict):
    """Ready for JSON. A figure that its slices leave undefined is None, never an invented 0."""

    slices: int
    tumor: int
    no_tumor: int
    threshold: float
    counts: Counts
    accuracy: float
    balanced_accuracy: float | None
    precision: float | None
    recall: float | None
    sensitivity: float | None
    specificity: float | None
    f1: float | None
    auroc: float | None
    average_precision: float | None
    brier: float
    log_loss: float


def compute_metrics(
    labels: ArrayLike,
    probabilities: ArrayLike,
    threshold: float,
    weights: ArrayLike | None = None,
) -> Metrics:
    """Compute every figure that is reported about a set of slices.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1]; or (R, N): every figure is then the mean over R
        repeats of a cross-validation. Not modified.
    threshold
        A slice whose probability is at least this is called a tumor, within [0, 1].
    weights
        Shape (N,), positive: how much each slice counts; each counts once without them. With
        those of `weigh_groups` each group counts once. Not modified.

    Returns
    -------
    Metrics
        None where the slices leave a figure undefined: what needs both classes when there is
        one, the precision when no slice is called a tumor. `recall` and `sensitivity` are two
        names of one figure. `log_loss` is in nats. `slices`, `tumor` and `no_tumor` are numbers
        of slices even where they are weighted; `counts` are then sums of weights, and of several
        repeats their means.

    Raises
    ------
    InputError
        The arrays or the threshold cannot be used.

    Examples
    --------
    >>> metrics = compute_metrics([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], threshold=0.5)
    >>> metrics["counts"]["true_positive"], metrics["accuracy"], metrics["auroc"]
    (1, 0.5, 0.75)
    """
    checked_labels, checked_probabilities = check_repeats(labels, probabilities)
    threshold = check_threshold(threshold)
    row = _check_weights(weights, len(checked_labels))[np.newaxis]
    scores = checked_labels, checked_probabilities, threshold, row
    measured = {name: float(values[0]) for name, values in measure_weighted(*scores).items()}
    figure = {name: None if np.isnan(value) else value for name, value in measured.items()}
    cells = [float(cell) for (cell,) in sum_verdicts(*scores)]
    if weights is None and len(checked_probabilities) == 1:
        cells = [round(cell) for cell in cells]
    true_positive, false_positive, true_negative, false_negative = cells
    tumor = int(checked_labels.sum())
    return {
        "slices": len(checked_labels),
        "tumor": tumor,
        "no_tumor": len(checked_labels) - tumor,
        "threshold": threshold,
        "counts": {
            "true_positive": true_positive,
            "false_positive": false_positive,
            "true_negative": true_negative,
            "false_negative": false_negative,
        },
        "accuracy": measured["accuracy"],
        "balanced_accuracy": figure["balanced_accuracy"],
        "precision": figure["precision"],
        "recall": figure["recall"],
        "sensitivity": figure["sensitivity"],
        "specificity": figure["specificity"],
        "f1": figure["f1"],
        "auroc": figure["auroc"],
        "average_precision": figure["average_precision"],
        "brier": measured["brier"],
        "log_loss": measured["log_loss"],
    }


def _check_weights(weights: ArrayLike | None, slices: int) -> Weights:
    if weights is None:
        return np.ones(slices)
    checked = np.asarray(weights, dtype=np.float64)
    if checked.shape != (slices,):
        raise InputError(f"expected {slices} weights, found an array of shape {checked.shape}")
    # Written so that NaN is caught as well.
    if not (np.isfinite(checked) & (checked > 0)).all():
        raise InputError("weights must be positive finite numbers")
    return checked
