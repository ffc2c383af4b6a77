"""What position and source have to do with the answers, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.figure_rows import Estimate
from tumorscope.report.left_out_rows import describe_right
from tumorscope.report.wording import format_figure

_NAMES = {
    "level": "level in the head",
    "plane": "plane",
    "sequence": "sequence",
    "source": "source",
    "together": "all of these together",
    "lesion_share": "lesion, of the picture",
}
# A guess that comes so near to the model is a warning.
_NEAR = 0.05


@dataclass(frozen=True)
class GuessRow:
    """What a guess from one thing reaches; `is_near` where the model hardly does better."""

    name: str
    auroc: str
    is_near: bool


@dataclass(frozen=True)
class ValueRow:
    """The share of right verdicts at one value of a column."""

    column: str
    value: str
    slices: int
    tumor: Estimate
    no_tumor: Estimate


def describe_guesses(metrics: Mapping[str, Any]) -> list[GuessRow]:
    """List how well the label can be guessed without looking at the picture."""
    own = metrics["auroc"]
    return [
        GuessRow(
            _NAMES[name],
            format_figure(auroc),
            is_near=auroc is not None and own is not None and auroc > own - _NEAR,
        )
        for name, auroc in metrics.get("nuisances", {}).get("guess", {}).items()
    ]


def describe_values(metrics: Mapping[str, Any]) -> list[ValueRow]:
    """List the shares of right verdicts by level, plane, sequence, source and lesion size."""
    return [
        ValueRow(
            _NAMES[column],
            value,
            sum(shares["count"] for shares in verdicts.values() if shares),
            describe_right(verdicts["tumor"]),
            describe_right(verdicts["no_tumor"]),
        )
        for column, values in metrics.get("nuisances", {}).get("by", {}).items()
        for value, verdicts in values.items()
    ]
