"""What the user sees besides the result: progress, log lines, tables; all but tables on stderr."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
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
    from tumorscope.workflows.predict import Answer

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
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    tasks = {}
    logger = logging.getLogger("tumorscope")
    handler = RichHandler(console=_stderr, show_path=False, show_level=False)
    with Progress(*columns, console=_stderr) as progress:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        logger.addHandler(handler)
        try:
            yield report
        finally:
            logger.removeHandler(handler)


def say(message: str) -> None:
    """Print a line for the user, on stderr."""
    printable = message.encode("utf-8", "backslashreplace").decode()
    _stderr.print(escape(printable), soft_wrap=True)


def say_notice() -> None:
    """Say what the figures just printed may be used for."""
    _stderr.print(RESEARCH_USE_ONLY, style="dim")


def print_answers(answers: Iterable["Answer"]) -> None:
    """Print answers as a table."""
    table = Table(Column("path", overflow="fold"), "probability", "verdict")
    for answer in answers:
        # A name that is not UTF-8 cannot be printed as it is.
        path = answer.path.encode("utf-8", "backslashreplace").decode()
        table.add_row(escape(path), f"{answer.probability:.4f}", answer.verdict)
    Console(emoji=False).print(table)


def print_metrics(metrics: Mapping[str, object]) -> None:
    """Print figures by name; one that cannot be computed is shown as a dash."""
    table = Table("figure", "value")
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            continue
        shown = f"{value:.4f}" if isinstance(value, float) else str("-" if value is None else value)
        table.add_row(name.replace("_", " "), shown)
    Console(emoji=False).print(table)
