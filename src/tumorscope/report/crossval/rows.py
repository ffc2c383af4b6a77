"""The figures of a cross-validation in words that no other page has: by fold and by source."""

from collections.abc import Callable, Mapping
from typing import Any

from tumorscope.report.figure_rows import FigureRow, describe_figure, describe_headline_figures
from tumorscope.report.wording import UNDEFINED, format_figure, format_percent

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


def describe_operating_points(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the operating points with the thresholds of the folds and what they reach."""
    return [
        {
            "name": name,
            "thresholds": _describe_range([fold["thresholds"][key] for fold in metrics["folds"]]),
            "sensitivity": describe_figure("sensitivity", point),
            "specificity": describe_figure("specificity", point),
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


def _describe_range(values: list[float]) -> str:
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low}\N{EN DASH}{high}"


def _describe_spread(spread: Mapping[str, float], form: Callable[[float | None], str]) -> str:
    mean = form(spread["mean"]).removesuffix("\N{NO-BREAK SPACE}%")
    return f"{mean}\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}{form(spread['standard_deviation'])}"
