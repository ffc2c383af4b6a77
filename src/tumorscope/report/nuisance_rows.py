"""What position and source have to do with the answers, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.figure_rows import Estimate
from tumorscope.report.guess_rows import COLUMN_NAMES, GuessRow, describe_guesses
from tumorscope.report.left_out_rows import describe_right

_NAMES = {**COLUMN_NAMES, "lesion_share": "lesion, of the picture"}
# A guess that comes so near to the model is a warning.
_NEAR = 0.05


@dataclass(frozen=True)
class ValueRow:
    """The share of right verdicts at one value of a column."""

    column: str
    value: str
    slices: int
    tumor: Estimate
    no_tumor: Estimate


def describe_near_guesses(metrics: Mapping[str, Any]) -> list[GuessRow]:
    """List the guesses, marked where the model hardly does better."""
    own = metrics["auroc"]
    guesses = metrics.get("nuisances", {}).get("guess", {})
    return describe_guesses(guesses, None if own is None else own - _NEAR)


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
