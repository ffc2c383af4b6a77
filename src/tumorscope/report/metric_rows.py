"""The figures of an evaluation in words, each next to the counts it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.wording import UNDEFINED, count_noun, format_figure, format_percent


@dataclass(frozen=True)
class MetricRow:
    """One reported figure: its name, its value as text, and what it was counted on."""

    name: str
    value: str
    meaning: str

    @property
    def is_defined(self) -> bool:
        """Whether the slices were enough to compute it."""
        return self.value != UNDEFINED


def describe_headline(metrics: Mapping[str, Any]) -> list[MetricRow]:
    """Choose the five figures of the first glance, each with its counts.

    Parameters
    ----------
    metrics
        As `compute_metrics` gives them.
    """
    counts = metrics["counts"]
    right = counts["true_positive"] + counts["true_negative"]
    return [
        MetricRow(
            "Accuracy",
            format_percent(metrics["accuracy"]),
            f"{right} of {count_noun(metrics['slices'], 'slice')} right",
        ),
        MetricRow(
            "Sensitivity",
            format_percent(metrics["sensitivity"]),
            f"{counts['true_positive']} of {count_noun(metrics['tumor'], 'tumor slice')} found",
        ),
        MetricRow(
            "Specificity",
            format_percent(metrics["specificity"]),
            f"{counts['true_negative']} of {metrics['no_tumor']} no-tumor slices cleared",
        ),
        MetricRow(
            "AUROC",
            format_figure(metrics["auroc"]),
            f"{metrics['tumor']} tumor, {metrics['no_tumor']} no-tumor slices",
        ),
        MetricRow(
            "F1",
            format_figure(metrics["f1"]),
            f"{count_noun(counts['false_positive'], 'false alarm')}, "
            f"{count_noun(counts['false_negative'], 'missed tumor')}",
        ),
    ]


def describe_metrics(metrics: Mapping[str, Any]) -> list[MetricRow]:
    """List every figure but the counts with one line that says what it means.

    Parameters
    ----------
    metrics
        As `compute_metrics` gives them.
    """
    meanings = {
        "accuracy": ("Accuracy", "share of verdicts that are right"),
        "balanced_accuracy": ("Balanced accuracy", "mean of sensitivity and specificity"),
        "sensitivity": ("Sensitivity (recall)", "share of tumor slices called a tumor"),
        "specificity": ("Specificity", "share of slices without a tumor called so"),
        "precision": ("Precision", "share of right verdicts among those calling a tumor"),
        "f1": ("F1", "harmonic mean of precision and recall"),
        "auroc": ("AUROC", "chance that a tumor slice scores above one without; 0.5 is guessing"),
        "average_precision": ("Average precision", "area under precision against recall"),
        "brier": ("Brier score", "mean squared error of the probability; lower is better"),
        "log_loss": ("Log loss", "cross-entropy of the probability in nats; lower is better"),
    }
    return [
        MetricRow(name, format_figure(metrics[key]), meaning)
        for key, (name, meaning) in meanings.items()
    ]


def describe_counts(metrics: Mapping[str, Any]) -> list[MetricRow]:
    """List the four cells of the confusion matrix.

    Parameters
    ----------
    metrics
        As `compute_metrics` gives them.
    """
    meanings = {
        "true_positive": ("True positives", "tumor slices called a tumor"),
        "false_negative": ("False negatives", "tumor slices called no tumor"),
        "true_negative": ("True negatives", "slices without a tumor called so"),
        "false_positive": ("False positives", "slices without a tumor called a tumor"),
    }
    return [
        MetricRow(name, str(metrics["counts"][key]), meaning)
        for key, (name, meaning) in meanings.items()
    ]
