"""The ROC and the precision-recall curve, and the ROC curves of the folds."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from tumorscope.evaluation.figures.style import (
    BLUE,
    DASHES,
    INK,
    MUTED,
    SMALL_SIZE,
    make_figure,
    make_message_figure,
    mark_point,
    style_axes,
)
from tumorscope.evaluation.measures.curves import trace_precision_recall, trace_roc
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.scores import Labels, Probabilities, check_repeats, check_scores

_RATES = 1001  # false positive rates that averaged curves are drawn at
_ONE_CLASS = (
    "This curve needs slices of both classes; "
    "there are {tumor} with and {no_tumor} without a tumor."
)


def plot_roc(labels: ArrayLike, probabilities: ArrayLike, threshold: float) -> Figure:
    """Draw sensitivity against the false positive rate over all thresholds.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.
    threshold
        The threshold in use, within [0, 1]; its point is marked.

    Returns
    -------
    Figure
        Words in place of the curve when one class has no slices.

    Raises
    ------
    InputError
        The arrays or the threshold cannot be used.
    """
    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    metrics = compute_metrics(checked_labels, checked_probabilities, threshold)
    title = "ROC curve"
    sensitivity, specificity = metrics["sensitivity"], metrics["specificity"]
    if sensitivity is None or specificity is None:
        return make_message_figure(title, _ONE_CLASS.format(**metrics))
    figure, axes = _make_roc_square(title)
    false_positive_rate, true_positive_rate = trace_roc(checked_labels, checked_probabilities)
    axes.plot(
        false_positive_rate,
        true_positive_rate,
        color=BLUE,
        linewidth=2,
        label=f"AUROC {metrics['auroc']:.3f}",
    )
    mark_point(
        axes,
        1 - specificity,
        sensitivity,
        f"threshold {threshold:.3g}: sensitivity {sensitivity:.2f}, specificity {specificity:.2f}",
    )
    _add_legend(axes)
    return figure


def plot_fold_roc(labels: ArrayLike, probabilities: ArrayLike, folds: ArrayLike) -> Figure:
    """Draw the ROC curve of a cross-validation, and thinly that of each fold's model.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. A fold without both has no curve. Not modified.
    probabilities
        Shape (N,), or (R, N) of R repeats, of a tumor, within [0, 1]: the curve is then the mean
        of those of the repeats, and its area the mean of theirs. Not modified.
    folds
        The shape of `probabilities`, the fold of each slice. Not modified.

    Raises
    ------
    InputError
        The labels or the probabilities cannot be used.
    """
    checked_labels, repeats = check_repeats(labels, probabilities)
    figure, axes = _make_roc_square("ROC curve of all folds")
    areas = []
    for repeat, fold_of in zip(repeats, np.reshape(folds, repeats.shape), strict=True):
        for fold in np.unique(fold_of):
            inside = fold_of == fold
            if len(np.unique(checked_labels[inside])) < 2:
                continue  # one class alone has no curve
            rates, sensitivities = trace_roc(checked_labels[inside], repeat[inside])
            areas.append(float(np.trapezoid(sensitivities, rates)))
            (line,) = axes.plot(rates, sensitivities, color=BLUE, linewidth=0.8, alpha=0.35)
    if not areas:
        return figure
    line.set_label(f"each fold: AUROC {min(areas):.3f} to {max(areas):.3f}")
    area = compute_metrics(checked_labels, repeats, 0.5)["auroc"]
    axes.plot(
        *_average_curves(checked_labels, repeats),
        color=BLUE,
        linewidth=2,
        label=f"all folds together: AUROC {area:.3f}",
    )
    _add_legend(axes)
    return figure


def _average_curves(labels: Labels, repeats: Probabilities) -> tuple[Probabilities, Probabilities]:
    """Average the ROC curves of repeats at equal false positive rates."""
    curves = [trace_roc(labels, repeat) for repeat in repeats]
    if len(curves) == 1:
        return curves[0]
    rates = np.linspace(0, 1, _RATES)
    means: Probabilities = np.mean([np.interp(rates, *curve) for curve in curves], axis=0)
    return np.append(0, rates), np.append(0, means)


def plot_precision_recall(labels: ArrayLike, probabilities: ArrayLike, threshold: float) -> Figure:
    """Draw precision against recall over all thresholds.

    Parameters
    ----------
    labels, probabilities, threshold
        As for `plot_roc`. A threshold that no slice reaches has no point.

    Returns
    -------
    Figure
        Words in place of the curve when one class has no slices.

    Raises
    ------
    InputError
        The arrays or the threshold cannot be used.
    """
    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    metrics = compute_metrics(checked_labels, checked_probabilities, threshold)
    title = "Precision and recall"
    if metrics["average_precision"] is None or metrics["recall"] is None:
        return make_message_figure(title, _ONE_CLASS.format(**metrics))
    figure, axes = _make_square(title, "recall (sensitivity)", "precision")
    prevalence = metrics["tumor"] / metrics["slices"]
    axes.axhline(
        prevalence,
        color=MUTED,
        linewidth=1,
        linestyle=DASHES,
        label=f"share of tumor slices {prevalence:.2f}",
    )
    precision, recall = trace_precision_recall(checked_labels, checked_probabilities)
    # Steps, because the average precision is the area under steps.
    axes.plot(
        recall,
        precision,
        drawstyle="steps-post",
        color=BLUE,
        linewidth=2,
        label=f"average precision {metrics['average_precision']:.3f}",
    )
    if metrics["precision"] is not None:
        mark_point(
            axes,
            metrics["recall"],
            metrics["precision"],
            f"threshold {threshold:.3g}: precision {metrics['precision']:.2f}, "
            f"recall {metrics['recall']:.2f}",
        )
    _add_legend(axes)
    return figure


def _make_roc_square(title: str) -> tuple[Figure, Axes]:
    figure, axes = _make_square(title, "1 - specificity", "sensitivity")
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=DASHES, label="chance")
    return figure, axes


def _make_square(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = make_figure(5.0, 5.0)
    axes = figure.add_subplot()
    style_axes(axes, title, x_label, y_label)
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    return figure, axes


def _add_legend(axes: Axes) -> None:
    axes.legend(
        loc="lower right",
        fontsize=SMALL_SIZE,
        labelcolor=INK,
        frameon=True,
        facecolor="white",
        edgecolor="none",
        framealpha=0.9,
    )
