"""The figures of whole series in words, all together and by what is known of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.report.figure_rows import Estimate, describe_estimate, describe_share
from tumorscope.report.wording import UNDEFINED, count_noun, format_figure, format_percent


@dataclass(frozen=True)
class RuleWords:
    """What the rule of series was fitted on, and what was wanting where it could not be."""

    fitted: str
    wanting: str


OF_FOLDS = RuleWords(
    "each fold fits on series that models of other folds answered for without having been trained "
    "on them, and on those of its own validation part; none of its test part",
    "a fold had too few such series of a class",
)
OF_LEFT_OUT = RuleWords(
    f"{OF_FOLDS.fitted}. So no series of what is left out has a say in its rule, though the models "
    "of other folds were trained on it",
    OF_FOLDS.wanting,
)
OF_MODEL = RuleWords(
    "were fitted on these very series, which favors the figures",
    "there were too few series of a class",
)

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


def describe_series(metrics: Mapping[str, Any], words: RuleWords) -> SeriesTable | None:
    """Describe whole series; None where the data have none.

    Parameters
    ----------
    metrics
        With ``series`` as from `measure_series`.
    words
        How the rule came about.
    """
    series = metrics.get("series")
    if series is None:
        return None
    return SeriesTable(_describe_rule(series, words), _HEADINGS, list(_list_rows(series)))


def _describe_rule(series: Mapping[str, Any], words: RuleWords) -> str:
    """Say how many answers came from a rule fitted on series, and what the others came from."""
    answers, others = series["answers"], series["answers"] - series["fitted"]
    decides = "The largest mean of three consecutive slices decides for a series"
    by_slices = "by the threshold and limits of a single slice, and promise nothing"
    if others == answers:
        return f"{decides}. As {words.wanting}, all {answers:,} are judged {by_slices}."
    rule = f"{decides}, by a probability, a threshold and limits that {words.fitted}."
    if not others:
        return rule
    return (
        f"{rule} Not so for {others:,} of {count_noun(answers, 'answer')}, where {words.wanting}: "
        f"these are judged {by_slices}."
    )


def _list_rows(series: Mapping[str, Any]) -> Iterator[SeriesRow]:
    yield _describe_row("all", series)
    for column, values in series["by"].items():
        for value, figures in values.items():
            yield _describe_row(f"{_COLUMNS[column]}: {value}", figures)


def _describe_row(name: str, series: Mapping[str, Any]) -> SeriesRow:
    counted = (
        f"{series['tumor']:,} with, {series['no_tumor']:,} without a tumor, of "
        f"{count_noun(series['groups'], 'patient or group', 'patients or groups')}; "
        f"{series['slices']['assessed']:,} of {series['slices']['of']:,} slices assessed"
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
