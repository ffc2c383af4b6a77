"""The figures of whole series in words, all together and by what is known of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.figure_rows import Estimate, describe_estimate, describe_share
from tumorscope.report.wording import UNDEFINED, count_noun, format_figure, format_percent

_HEADINGS = (
    "AUROC", "Sensitivity", "Specificity", "Right, with tumor", "Right, without", "Uncertain",
    "Not assessable",
)  # fmt: skip
_COLUMNS = {"left_out": "left out", "source": "source", "sequence": "sequence", "plane": "plane"}


@dataclass(frozen=True)
class SeriesRow:
    """Series of one kind: how many, and a figure for each heading."""

    name: str
    counted: str
    figures: list[Estimate]


@dataclass(frozen=True)
class SeriesTable:
    """What is said of series, the headings of their figures, and a row for each kind of series."""

    fitted: str
    headings: tuple[str, ...]
    rows: list[SeriesRow]


def describe_series(metrics: Mapping[str, Any]) -> SeriesTable | None:
    """Describe whole series; None where the data have none.

    Parameters
    ----------
    metrics
        Of a cross-validation, with ``series`` as from `measure_series`.
    """
    series = metrics.get("series")
    if series is None:
        return None
    return SeriesTable(_describe_rule(series), _HEADINGS, list(_list_rows(series)))


def _describe_rule(series: Mapping[str, Any]) -> str:
    """Say how many answers came from a rule fitted on series, and what the others came from."""
    answers, others = series["answers"], series["answers"] - series["fitted"]
    rule = (
        "The largest mean of three consecutive slices decides for a series, by a probability, a "
        "threshold and limits that each fold fits on held-out series."
    )
    if not others:
        return rule
    return (
        f"{rule} Not so for {others:,} of {count_noun(answers, 'answer')}, where a fold had too "
        "few held-out series of a class: these are judged by the threshold and limits of a single "
        "slice, and promise nothing."
    )


def _list_rows(series: Mapping[str, Any]) -> Iterator[SeriesRow]:
    yield _describe_row("all", series)
    for column, values in series["by"].items():
        for value, figures in values.items():
            yield _describe_row(f"{_COLUMNS[column]}: {value}", figures)


def _describe_row(name: str, series: Mapping[str, Any]) -> SeriesRow:
    counted = (
        f"{series['tumor']:,} with, {series['no_tumor']:,} without a tumor, of "
        f"{count_noun(series['groups'], 'patient or group', 'patients or groups')}"
    )
    forms = {"auroc": format_figure, "sensitivity": format_percent, "specificity": format_percent}
    return SeriesRow(
        name,
        counted,
        [
            *(
                describe_estimate(series[key], series["intervals"][key], form)
                for key, form in forms.items()
            ),
            *(_describe_right(series["right_verdicts"][key]) for key in ("tumor", "no_tumor")),
            describe_share(series["uncertain"]),
            describe_share(series["not_assessable"]),
        ],
    )


def _describe_right(verdicts: Mapping[str, Any] | None) -> Estimate:
    if verdicts is None:
        return Estimate(UNDEFINED, "")
    return describe_estimate(verdicts["right"], verdicts["interval"], format_percent)
