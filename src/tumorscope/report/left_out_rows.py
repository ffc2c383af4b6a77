"""What a model is worth on each value that it was trained without, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.figure_rows import Estimate, describe_estimate
from tumorscope.report.wording import UNDEFINED, format_figure, format_percent


@dataclass(frozen=True)
class LeftOutRow:
    """One value that was left out; `is_worst` marks the one to look at first."""

    name: str
    slices: int
    groups: int
    auroc: Estimate
    tumor: Estimate
    no_tumor: Estimate
    uncertain: str
    not_assessable: str
    is_worst: bool


def describe_left_out(metrics: Mapping[str, Any]) -> list[LeftOutRow]:
    """List the values that were left out, the worst one first; nothing where none was."""
    if "left_out" not in metrics:
        return []
    worst = metrics["left_out"]["worst"]
    rows = [
        _describe(name, measured, is_worst=name == worst)
        for name, measured in metrics["left_out"]["values"].items()
    ]
    return sorted(rows, key=lambda row: not row.is_worst)


def _describe(name: str, measured: Mapping[str, Any], is_worst: bool) -> LeftOutRow:
    verdicts = measured["right_verdicts"]
    present = [shares for shares in verdicts.values() if shares]
    counts = [shares["count"] for shares in present]
    uncertain, not_assessable = (
        sum(shares[key] * count for shares, count in zip(present, counts, strict=True))
        / sum(counts)
        for key in ("uncertain", "not_assessable")
    )
    return LeftOutRow(
        name,
        measured["slices"],
        measured["groups"],
        describe_estimate(measured["auroc"], measured["intervals"]["auroc"], format_figure),
        describe_right(verdicts["tumor"]),
        describe_right(verdicts["no_tumor"]),
        format_percent(uncertain),
        format_percent(not_assessable),
        is_worst,
    )


def describe_right(shares: Mapping[str, Any] | None) -> Estimate:
    """Put the share of right verdicts of a class in words; undefined where it has no slice."""
    if shares is None:
        return Estimate(UNDEFINED, "")
    return describe_estimate(shares["right"], shares["interval"], format_percent)
