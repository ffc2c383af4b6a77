"""What the user sees besides the result: progress, log lines, tables; all but tables on stderr."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeVar

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape as escape_markup
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table

from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import RESEARCH_USE_ONLY

if TYPE_CHECKING:
    from tumorscope.evaluation.comparison import Difference
    from tumorscope.workflows.audit.command import Audit
    from tumorscope.workflows.compare import NamedComparison

Result = TypeVar("Result")

# What moves the cursor, colors, or hides what follows: control characters (but the line feed),
# those that turn the direction of writing, and other ends of a line.
_HIDDEN = (*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F)
_TURNING = (*range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPED = {code: ascii(chr(code))[1:-1] for code in (*_HIDDEN, *_TURNING)}


def make_visible(text: str) -> str:
    r"""Write characters that a terminal would obey as their escapes.

    >>> make_visible("a\x1b[31mb.png")
    'a\\x1b[31mb.png'
    """
    return text.translate(_ESCAPED)


class _Visible(logging.Formatter):
    """Writes log lines, which name files, so that a terminal obeys nothing in them."""

    def format(self, record: logging.LogRecord) -> str:
        return make_visible(super().format(record))


_stderr = Console(stderr=True, highlight=False, emoji=False)


@contextmanager
def show_progress(quiet: bool) -> Iterator[ProgressCallback]:
    """Draw one bar per stage of the work, with the time left, and log lines above them."""
    if quiet:
        yield ignore_progress
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TimeRemainingColumn(),
    )
    tasks = {}
    logger = logging.getLogger("tumorscope")
    handler = RichHandler(console=_stderr, show_path=False, show_level=False)
    handler.setFormatter(_Visible())
    progress = Progress(*columns, console=_stderr)

    def report(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            progress.start()  # not before: it is a thread, and work may begin with a fork
            left = "left" if total else ""
            tasks[stage] = progress.add_task(stage, total=total or None, left=left)
        progress.update(tasks[stage], completed=done, total=total or None)

    logger.addHandler(handler)
    try:
        yield report
    finally:
        logger.removeHandler(handler)
        progress.stop()


def escape(text: str) -> str:
    """Write text from outside so that neither rich nor a terminal takes a part of it as meant."""
    return escape_markup(make_visible(text))


def say(message: str) -> None:
    """Print a line for the user, on stderr."""
    _stderr.print(escape(message), soft_wrap=True)


def say_notice() -> None:
    """Say what the figures just printed may be used for."""
    _stderr.print(RESEARCH_USE_ONLY, style="dim")


def print_result(result: Result, as_json: bool, print_table: Callable[[Result], None]) -> None:
    """Print a result as JSON, or as a table."""
    if as_json:
        typer.echo(json.dumps(result, indent=2))
    else:
        print_table(result)


def print_audit(summary: "Audit") -> None:
    """Print what an audit counted: a row per folder, and what they share."""
    right = partial(Column, justify="right")
    table = Table(
        Column("folder", overflow="fold"),
        right("slices"),
        right("pictures"),
        right("copies"),
        right("leak of a\nrandom split"),
        right("unreadable"),
        caption_justify="left",
    )
    for folder in summary["folders"]:
        copies = folder["slices"] - folder["pictures"]
        table.add_row(
            escape(folder["folder"]),
            *(f"{count:,}" for count in (folder["slices"], folder["pictures"], copies)),
            f"{folder['expected_leak']:.1%}",
            f"{folder['unreadable']:,}",
        )
    if len(summary["folders"]) > 1:
        table.add_section()
        counts = summary["slices"], summary["pictures"], summary["copies"]
        table.add_row(
            "together",
            *(f"{count:,}" for count in counts),
            f"{summary['expected_leak']:.1%}",
            f"{summary['unreadable']:,}",
        )
    table.caption = (
        f"label conflicts: {summary['conflicts']:,}, "
        f"slices unlike the rest: {summary['outliers']:,}"
    )
    console = Console(emoji=False)
    console.print(table)
    for row in summary["overlap"]:
        if row["slices"]:
            places = f"slices of {row['folder']} with a copy in {row['other']}"
            console.print(f"{escape(places)}: {row['slices']:,}", soft_wrap=True)
    guess = summary["guess"]
    by = {f"by {name}": auroc for name, auroc in guess["by"].items()}
    within = {f"within {source}": auroc for source, auroc in guess["within"].items()}
    for how, auroc in {**by, **within}.items():
        guessed = "undefined" if auroc is None else f"AUROC {auroc:.3f}"
        console.print(f"label guessed {escape(how)}: {guessed}", soft_wrap=True)
    for reason in guess["left_out"]:
        console.print(f"label not guessed: {escape(reason)}", soft_wrap=True)


def print_comparison(comparison: "NamedComparison") -> None:
    """Print the paired differences of two cross-validations as a table."""
    right = partial(Column, justify="right")
    table = Table(
        "figure",
        right(escape(comparison["first"])),
        right(escape(comparison["second"])),
        right(f"difference,\n{comparison['slices']} slices"),
        right(f"difference,\n{comparison['groups']} groups"),
        caption_justify="left",
    )
    by_group = comparison["per_group"]["differences"]
    for name, difference in comparison["differences"].items():
        if name == "recall":  # is sensitivity
            continue
        table.add_row(
            name.replace("_", " "),
            _show(difference["first"], ".3f"),
            _show(difference["second"], ".3f"),
            _show_difference(difference),
            _show_difference(by_group[name]),
        )
    aurocs = _show_p_values(comparison, "auroc_delong")
    mistakes = _show_p_values(comparison, "mcnemar_clustered")
    table.caption = (
        f"Difference of AUROCs: {aurocs} (DeLong for groups)\n"
        f"Difference of mistakes: {mistakes} (McNemar for groups)"
    )
    Console(emoji=False).print(table)


def _show_p_values(
    comparison: "NamedComparison", test: Literal["auroc_delong", "mcnemar_clustered"]
) -> str:
    """Write the p-value with each slice counted once, and with each group."""
    by_slice, by_group = (
        _show(result and result["p_value"], ".2g")
        for result in (counted[test] for counted in (comparison, comparison["per_group"]))
    )
    return f"p = {by_slice} by slices, {by_group} by groups"


def _show_difference(difference: "Difference") -> str:
    shown = _show(difference["difference"], "+.3f")
    if difference["interval"] is None:
        return shown
    low, high = difference["interval"]
    return f"{shown}\n({low:+.3f} to {high:+.3f})"


def _show(value: float | None, spec: str) -> str:
    return "-" if value is None else format(value, spec)
