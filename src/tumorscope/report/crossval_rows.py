"""The figures of a cross-validation in words, each with its interval."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.wording import UNDEFINED, count_noun, format_figure, format_percent

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
_CALIBRATION = {
    "expected_calibration_error": "Expected calibration error",
    "brier": "Brier score",
    "log_loss": "Log loss",
}
_OPERATING_POINTS = {
    "half": "Half",
    "youden": "Youden",
    "target_sensitivity": "Target sensitivity",
}
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


def describe_figures(summary: Mapping[str, Any]) -> list[FigureRow]:
    """List every figure of a `Summary` with both ways of counting."""
    return [
        _describe(key, summary, name, meaning)
        for key, (name, meaning) in {**_SHARES, **_OTHERS}.items()
    ]


def describe_headline_figures(summary: Mapping[str, Any]) -> list[FigureRow]:
    """Choose the five figures of the first glance."""
    names = {**_SHARES, **_OTHERS}
    return [_describe(key, summary, *names[key]) for key in _HEADLINE]


def describe_operating_points(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the operating points with the thresholds of the folds and what they reach."""
    return [
        {
            "name": name,
            "thresholds": _describe_range([fold["thresholds"][key] for fold in metrics["folds"]]),
            "sensitivity": _describe("sensitivity", point, "", ""),
            "specificity": _describe("specificity", point, "", ""),
        }
        for key, name in _OPERATING_POINTS.items()
        for point in [metrics["operating_points"][key]]
    ]


def describe_calibration(calibration: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """List the figures of calibration as the network gave probabilities, and calibrated."""
    before, after = calibration["before"], calibration["after"]
    return [
        (name, format_figure(before[key]), format_figure(after[key]))
        for key, name in _CALIBRATION.items()
    ]


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
            _estimate(share["share"], share["interval"], format_percent),
            count_noun(share["groups"], "group"),
        )
        for name, share in shares.items()
    ]


def describe_folds(metrics: Mapping[str, Any]) -> list[list[str]]:
    """List the folds, one row of text each, and what they are on average."""
    rows = [
        [
            f"{fold['repeat']}, {fold['fold']}",
            *(str(fold[name]) for name in ("slices", "tumor", "groups")),
            *(format_percent(fold[name]) for name in ("accuracy", "sensitivity", "specificity")),
            format_figure(fold["auroc"]),
            format_figure(fold["temperature"]),
            f"epoch {fold['best_epoch']} of {fold['epochs']}",
        ]
        for fold in metrics["folds"]
    ]
    spread = metrics["across_folds"]
    means = [
        UNDEFINED if spread[name] is None else _describe_spread(spread[name], form)
        for name, form in (
            ("accuracy", format_percent),
            ("sensitivity", format_percent),
            ("specificity", format_percent),
            ("auroc", format_figure),
        )
    ]
    return [*rows, ["mean ± SD", "", "", "", *means, "", ""]]


def describe_sources(metrics: Mapping[str, Any]) -> list[tuple[str, int, int, list[FigureRow]]]:
    """List the sources, where there are several: name, slices, groups and headline figures."""
    return [
        (name, summary["slices"], summary["groups"], describe_headline_figures(summary))
        for name, summary in metrics.get("sources", {}).items()
    ]


def describe_copies(metrics: Mapping[str, Any]) -> str | None:
    """Warn of test slices that training has seen a copy of; None where there are none."""
    copies = metrics["copies"]
    if not copies["slices"]:
        return None
    return (
        f"Do not believe these figures: {copies['slices']} of {copies['of']} test slices "
        f"({format_percent(copies['share'])}) have a copy, or a slice of the same patient, among "
        "the slices that their model was trained or chosen on."
    )


def _describe(key: str, summary: Mapping[str, Any], name: str, meaning: str) -> FigureRow:
    form = format_percent if key in _SHARES else format_figure
    by_slice, by_group = (
        _estimate(counted[key], counted["intervals"][key], form)
        for counted in (summary, summary["per_group"])
    )
    return FigureRow(name, by_slice, by_group, meaning)


def _estimate(
    value: float | None, interval: list[float] | None, form: Callable[[float | None], str]
) -> Estimate:
    if interval is None:
        return Estimate(form(value), "")
    low, high = (form(end) for end in interval)
    unit = "\N{NO-BREAK SPACE}%"
    return Estimate(form(value), f"{low.removesuffix(unit)}\N{EN DASH}{high}")


def _describe_range(values: list[float]) -> str:
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low}\N{EN DASH}{high}"


def _describe_spread(spread: Mapping[str, float], form: Callable[[float | None], str]) -> str:
    mean = form(spread["mean"]).removesuffix("\N{NO-BREAK SPACE}%")
    return f"{mean}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{form(spread['standard_deviation'])}"
