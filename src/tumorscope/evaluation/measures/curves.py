"""The points of the ROC and of the precision-recall curve."""

import numpy as np

from tumorscope.evaluation.measures.scores import Labels, Probabilities

Curve = tuple[Probabilities, Probabilities]


def trace_roc(labels: Labels, probabilities: Probabilities) -> Curve:
    """Trace sensitivity against the false positive rate, from (0, 0) to (1, 1).

    Parameters
    ----------
    labels, probabilities
        Shape (N,) each, as `check_scores` returns them, both classes among them.

    Returns
    -------
    tuple
        The false positive rates and the sensitivities, rising; without the points that lie on a
        line between their neighbours.
    """
    found, alarms = _count_down_the_ranking(labels, probabilities)
    is_corner = np.ones(len(found), dtype=np.bool_)
    is_corner[1:-1] = (np.diff(found, 2) != 0) | (np.diff(alarms, 2) != 0)
    false_positive_rate = np.append(0, alarms[is_corner]) / alarms[-1]
    sensitivity = np.append(0, found[is_corner]) / found[-1]
    return false_positive_rate, sensitivity


def trace_precision_recall(labels: Labels, probabilities: Probabilities) -> Curve:
    """Trace precision against recall, from the lowest threshold to one that no slice reaches.

    Parameters
    ----------
    labels, probabilities
        Shape (N,) each, as `check_scores` returns them, both classes among them.

    Returns
    -------
    tuple
        The precisions and the recalls, which fall from 1 to 0. Where no slice is called a tumor
        the precision is drawn as 1.
    """
    found, alarms = _count_down_the_ranking(labels, probabilities)
    precision = np.append((found / (found + alarms))[::-1], 1)
    recall = np.append((found / found[-1])[::-1], 0)
    return precision, recall


def _count_down_the_ranking(
    labels: Labels, probabilities: Probabilities
) -> tuple[Probabilities, Probabilities]:
    """Count true and false positives at each threshold, the highest first."""
    order = np.argsort(-probabilities, kind="stable")
    # Equal probabilities enter together: only the last of each run is a point of the curves.
    last = np.append(np.flatnonzero(np.diff(probabilities[order])), len(order) - 1)
    found = np.cumsum(labels[order], dtype=np.float64)[last]
    return found, 1 + last - found
