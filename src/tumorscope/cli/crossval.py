"""The command that trains and tests on every fold."""

from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import (
    Backbone,
    Data,
    Masks,
    Negative,
    Overrides,
    Positive,
    Quiet,
    RecipeName,
    SeparatePatients,
    join_sources,
)


def crossval(
    data: Data,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    recipe: RecipeName = "default",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="How often to divide anew.")] = 1,
    backbone: Backbone = None,
    overrides: Overrides = None,
    positive: Positive = "yes",
    negative: Negative = None,
    separate_patients: SeparatePatients = False,
    masks: Masks = None,
    folds_file: Annotated[
        Path | None, typer.Option(help="The folds.csv of another one, to be compared with it.")
    ] = None,
    leave_out: Annotated[
        str | None,
        typer.Option(help="A column, as site: leave out each of its values once, not folds."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Folds trained at a time.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted one.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train and test on every fold in turn: figures from slices that no training saw."""
    from tumorscope.cli.console import say, say_notice, show_progress
    from tumorscope.cli.evaluation_table import print_ending

    with show_progress(quiet) as report:
        cv = tumorscope.crossval(
            join_sources(data),
            out,
            recipe,
            folds,
            repeats,
            backbone,
            overrides or (),
            positive,
            masks or None,
            folds_file,
            jobs,
            resume,
            on_progress=report,
            negative=negative,
            separate_patients=separate_patients,
            leave_out=leave_out,
        )
    if not quiet:
        print_ending(cv / "metrics.json")
        say(f"report:      {cv / 'report.html'}\npredictions: {cv / 'predictions.csv'}")
        say_notice()
