"""The figures of a summary in words, each with its interval; every page shows them alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tumorscope.report.wording import count_noun, format_figure, format_percent

_SHARES = {
    "accuracy": ("Accuracy", "share of slices called rightly"),
    "balanced_accuracy": ("Balanced accuracy", "mean of sensitivity and specificity"),
    "sensitivity": ("Sensitivity (recall)", "share of tumor slices called a tumor"),
    "specificity": ("Specificity", "share of slices without a tumor called so"),
    "precision": ("Precision", "share of tumor slices among those called a tumor"),
}
_OTHERS = {
    "f1": ("F1", "harmonic mean of precision and recall"),
    "auroc": ("AUROC", "chance that a tumor slice scores above one without; 0.5 is guessing"),
    "average_precision": ("Average precision", "area under precision against recall"),
    "brier": ("Brier score", "mean squared error of the probability; lower is better"),
    "log_loss": ("Log loss", "cross-entropy of the probability in nats; lower is better"),
}
_HEADLINE = ("accuracy", "sensitivity", "specificity", "balanced_accuracy", "auroc")
_CLASSES = {"tumor": "Tumor", "no_tumor": "No tumor"}


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval as text."""

    value: str
    interval: str


@dataclass(frozen=True)
class FigureRow:
    """A figure where each slice counts once, and where each group does."""

    name: str
    by_slice: Estimate
    by_group: Estimate
    meaning: str


def describe_figure(key: str, summary: Mapping[str, Any]) -> FigureRow:
    """Describe one figure of a `Summary` with both ways of counting."""
    form = format_percent if key in _SHARES else format_figure
    by_slice, by_group = (
        describe_estimate(counted[key], counted["intervals"][key], form)
        for counted in (summary, summary["per_group"])
    )
    name, meaning = {**_SHARES, **_OTHERS}[key]
    return FigureRow(name, by_slice, by_group, meaning)


def describe_figures(summary: Mapping[str, Any]) -> list[FigureRow]:
    """List every figure of a `Summary`."""
    return [describe_figure(key, summary) for key in (*_SHARES, *_OTHERS)]


def describe_headline_figures(summary: Mapping[str, Any]) -> list[FigureRow]:
    """Choose the five figures of the first glance."""
    return [describe_figure(key, summary) for key in _HEADLINE]


def describe_conformal(metrics: Mapping[str, Any]) -> list[tuple[str, Estimate, str]]:
    """List coverage and verdicts, each with the number of groups it rests on."""
    coverage, verdicts = metrics["coverage"], metrics["verdicts"]
    shares = {
        **{f"{name}: set holds the truth": coverage[key] for key, name in _CLASSES.items()},
        "Verdict uncertain": verdicts["uncertain"],
        "Wrong among the other verdicts": verdicts["wrong_of_certain"],
    }
    return [
        (
            name,
            describe_share(share),
            count_noun(share["groups"], "group"),
        )
        for name, share in shares.items()
    ]


def describe_share(share: Mapping[str, Any]) -> Estimate:
    """Put a `Share` in words."""
    return describe_estimate(share["share"], share["interval"], format_percent)


def describe_estimate(
    value: float | None, interval: Sequence[float] | None, form: Callable[[float | None], str]
) -> Estimate:
    """Put a figure and its interval, if it has one, in words."""
    if interval is None:
        return Estimate(form(value), "")
    low, high = (form(end) for end in interval)
    unit = "\N{NO-BREAK SPACE}%"
    return Estimate(form(value), f"{low.removesuffix(unit)}\N{EN DASH}{high}")
