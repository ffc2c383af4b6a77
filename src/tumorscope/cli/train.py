"""The command that trains a classifier."""

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


def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    recipe: RecipeName = "default",
    backbone: Backbone = None,
    target_sensitivity: Annotated[
        float | None, typer.Option(help="Short for decision.target_sensitivity.")
    ] = None,
    overrides: Overrides = None,
    positive: Positive = "yes",
    negative: Negative = None,
    separate_patients: SeparatePatients = False,
    masks: Masks = None,
    crossval: Annotated[
        Path | None,
        typer.Option(help="A cross-validation of this recipe and data: train on all slices."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier, measure it, explain it, and write a report."""
    from tumorscope.cli.console import say, say_notice, show_progress
    from tumorscope.cli.evaluation_table import print_ending

    settings = [*(overrides or ())]
    if target_sensitivity is not None:
        settings.append(f"decision.target_sensitivity={target_sensitivity}")
    with show_progress(quiet) as report:
        run = tumorscope.train(
            join_sources(data),
            out,
            recipe,
            backbone,
            settings,
            positive,
            masks or None,
            crossval,
            resume,
            on_progress=report,
            negative=negative,
            separate_patients=separate_patients,
        )
    if not quiet:
        print_ending(run / "evaluation" / "metrics.json")
        say(f"report: {run / 'report.html'}\nmodel:  {run / 'model'}")
        say_notice()
