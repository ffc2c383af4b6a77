"""Every figure under many weightings of the same slices at once: the arithmetic of all others."""

import numpy as np
from numpy.typing import NDArray

from tumorscope.evaluation.measures.scores import Labels, Probabilities

METRIC_NAMES = (
    "accuracy",
    "balanced_accuracy",
    "precision",
    "recall",
    "sensitivity",
    "specificity",
    "f1",
    "auroc",
    "average_precision",
    "brier",
    "log_loss",
)

Weights = NDArray[np.float64]
Values = NDArray[np.float64]


def measure_weighted(
    labels: Labels, probabilities: Probabilities, threshold: float, weights: Weights
) -> dict[str, Values]:
    """Compute every figure once for each row of weights, averaged over repeats.

    A weight is how often a slice counts: 1 each for slices as they are, how often it was drawn for
    a bootstrap resample, a fraction for a group that counts once. Equal probabilities are treated
    as scikit-learn treats them with ``sample_weight``.

    Parameters
    ----------
    labels, probabilities
        Shapes (N,) and (R, N), as `check_repeats` returns them.
    threshold
        A slice whose probability is at least this is called a tumor.
    weights
        Shape (B, N), float64, not negative.

    Returns
    -------
    dict
        For each of `METRIC_NAMES` shape (B,), float64; NaN where the weights leave the figure
        undefined in any repeat.
    """
    repeats = [_measure(labels, repeat, threshold, weights) for repeat in probabilities]
    return {name: np.mean([repeat[name] for repeat in repeats], axis=0) for name in METRIC_NAMES}


def sum_verdicts(
    labels: Labels, probabilities: Probabilities, threshold: float, weights: Weights
) -> Values:
    """Sum the weights in the four cells of the confusion matrix, averaged over repeats.

    Parameters
    ----------
    labels, probabilities, threshold, weights
        As in `measure_weighted`.

    Returns
    -------
    numpy.ndarray
        Shape (4, B), float64: true positive, false positive, true negative, false negative.
    """
    repeats = [_sum_verdicts(labels, repeat >= threshold, weights) for repeat in probabilities]
    means: Values = np.mean(repeats, axis=0)
    return means


def _measure(
    labels: Labels, probabilities: Probabilities, threshold: float, weights: Weights
) -> dict[str, Values]:
    counts = _sum_verdicts(labels, probabilities >= threshold, weights)
    true_positive, false_positive, true_negative, false_negative = counts
    right = true_positive + true_negative
    total = counts.sum(axis=0)
    sensitivity = _ratio(true_positive, true_positive + false_negative)
    specificity = _ratio(true_negative, true_negative + false_positive)
    auroc, average_precision = _rank(labels, probabilities, weights)
    return {
        "accuracy": _ratio(right, total),
        "balanced_accuracy": (sensitivity + specificity) / 2,
        "precision": _ratio(true_positive, true_positive + false_positive),
        "recall": sensitivity,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "f1": _ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative),
        "auroc": auroc,
        "average_precision": average_precision,
        "brier": _ratio(weights @ (probabilities - labels) ** 2, total),
        "log_loss": _ratio(weights @ _cross_entropy(labels, probabilities), total),
    }


def _sum_verdicts(labels: Labels, called: NDArray[np.bool_], weights: Weights) -> Values:
    tumor = labels == 1
    cells = np.stack([tumor & called, ~tumor & called, ~tumor & ~called, tumor & ~called])
    sums: Values = cells.astype(np.float64) @ weights.T
    return sums


def _rank(labels: Labels, probabilities: Probabilities, weights: Weights) -> tuple[Values, Values]:
    """Compute AUROC and average precision by going down the ranking once."""
    order = np.argsort(-probabilities, kind="stable")
    # Equal probabilities enter together: only the last of each run is a point of the curves.
    last = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    ranked = weights[:, order]
    tumor = labels[order]
    found = np.cumsum(ranked * tumor, axis=1)[:, last]
    alarms = np.cumsum(ranked * (1 - tumor), axis=1)[:, last]
    newly_found = np.diff(found, axis=1, prepend=0)
    new_alarms = np.diff(alarms, axis=1, prepend=0)
    pairs_in_order = np.einsum("bk,bk->b", new_alarms, found - newly_found / 2)
    precision = _ratio(found, found + alarms, undefined=0.0)
    auroc = _ratio(pairs_in_order, found[:, -1] * alarms[:, -1])
    average_precision = _ratio(np.einsum("bk,bk->b", newly_found, precision), found[:, -1])
    # One class alone has an average precision of 1 whatever its ranking: no figure either.
    average_precision[np.isnan(auroc)] = np.nan
    # Sums of fractions may round past the end.
    return np.clip(auroc, 0, 1), np.clip(average_precision, 0, 1)


def _cross_entropy(labels: Labels, probabilities: Probabilities) -> Values:
    """Compute the log loss of each slice in nats, finite where the model was sure and wrong."""
    of_truth = np.where(labels == 1, probabilities, 1 - probabilities)
    epsilon = np.finfo(np.float64).eps
    losses: Values = -np.log(np.clip(of_truth, epsilon, 1 - epsilon))
    return losses


def _ratio(part: Values, whole: Values, undefined: float = np.nan) -> Values:
    return np.divide(part, whole, out=np.full_like(part, undefined), where=whole > 0)
