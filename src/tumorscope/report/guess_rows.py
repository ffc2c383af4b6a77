"""How well a label can be guessed without looking at the picture, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from tumorscope.report.wording import format_figure

COLUMN_NAMES = {
    "level": "level in the head",
    "plane": "plane",
    "sequence": "sequence",
    "source": "source",
    "together": "all of these together",
}


@dataclass(frozen=True)
class GuessRow:
    """What a guess from one thing reaches; `is_marked` where that is a warning."""

    name: str
    auroc: str
    is_marked: bool


def describe_guess(name: str, auroc: float | None, limit: float | None) -> GuessRow:
    """Write a guess as a row, marked where its AUROC is above a limit."""
    is_marked = auroc is not None and limit is not None and auroc > limit
    return GuessRow(name, format_figure(auroc), is_marked)


def describe_guesses(guesses: Mapping[str, float | None], limit: float | None) -> list[GuessRow]:
    """List the guesses from each column, as from `guess_by_cells`."""
    return [describe_guess(COLUMN_NAMES[name], auroc, limit) for name, auroc in guesses.items()]
