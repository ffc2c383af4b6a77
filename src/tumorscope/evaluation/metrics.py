"""The figures of a binary classifier on labelled slices, at one threshold and over all."""

from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

from tumorscope.evaluation.scores import Labels, Probabilities, check_scores, check_threshold


class Counts(TypedDict):
    """The four cells of the confusion matrix; positive means tumor."""

    true_positive: int
    false_positive: int
    true_negative: int
    false_negative: int


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


def compute_metrics(labels: ArrayLike, probabilities: ArrayLike, threshold: float) -> Metrics:
    """Compute every figure that is reported about a set of slices.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.
    threshold
        A slice whose probability is at least this is called a tumor, within [0, 1].

    Returns
    -------
    Metrics
        None where the slices leave a figure undefined: what needs both classes when there is
        one, the precision when no slice is called a tumor. `recall` and `sensitivity` are two
        names of one figure. `log_loss` is in nats.

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
    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    threshold = check_threshold(threshold)
    counts = _count_verdicts(checked_labels, checked_probabilities >= threshold)
    right = counts["true_positive"] + counts["true_negative"]
    wrong = counts["false_positive"] + counts["false_negative"]
    tumor = counts["true_positive"] + counts["false_negative"]
    no_tumor = counts["true_negative"] + counts["false_positive"]
    sensitivity = _ratio(counts["true_positive"], tumor)
    specificity = _ratio(counts["true_negative"], no_tumor)
    auroc, average_precision = _compute_ranking(checked_labels, checked_probabilities)
    return {
        "slices": tumor + no_tumor,
        "tumor": tumor,
        "no_tumor": no_tumor,
        "threshold": threshold,
        "counts": counts,
        "accuracy": right / (tumor + no_tumor),
        "balanced_accuracy": _mean(sensitivity, specificity),
        "precision": _ratio(
            counts["true_positive"], counts["true_positive"] + counts["false_positive"]
        ),
        "recall": sensitivity,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "f1": _ratio(2 * counts["true_positive"], 2 * counts["true_positive"] + wrong),
        "auroc": auroc,
        "average_precision": average_precision,
        "brier": float(np.mean((checked_probabilities - checked_labels) ** 2)),
        "log_loss": float(log_loss(checked_labels, checked_probabilities, labels=[0, 1])),
    }


def _count_verdicts(labels: Labels, verdicts: np.ndarray) -> Counts:
    tumor = labels == 1
    return {
        "true_positive": int(np.sum(tumor & verdicts)),
        "false_positive": int(np.sum(~tumor & verdicts)),
        "true_negative": int(np.sum(~tumor & ~verdicts)),
        "false_negative": int(np.sum(tumor & ~verdicts)),
    }


def _compute_ranking(
    labels: Labels, probabilities: Probabilities
) -> tuple[float | None, float | None]:
    """Compute AUROC and average precision; a ranking of one class only says nothing."""
    if labels.min() == labels.max():
        return None, None
    return (
        float(roc_auc_score(labels, probabilities)),
        float(average_precision_score(labels, probabilities)),
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else (first + second) / 2
