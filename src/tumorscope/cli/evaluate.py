"""The command that measures a model on labelled slices."""

from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import AsJson, Negative, Positive, Quiet


def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder; with DATA also a model folder.")],
    data: Annotated[str | None, typer.Argument(help="Other data, as for train.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where results go; required with DATA.")] = None,
    positive: Positive = "yes",
    negative: Negative = None,
    by: Annotated[
        list[str] | None, typer.Option(help="A column of DATA, a CSV, to divide it by.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="A CSV of another model's answers: path, probability.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model on its validation part, or on slices it has not met, without copies."""
    from tumorscope.cli.console import print_result, say_notice, show_progress
    from tumorscope.cli.evaluation_table import print_evaluation

    with show_progress(quiet) as report:
        metrics = tumorscope.evaluate(
            model,
            data,
            out,
            positive,
            by or (),
            predictions,
            on_progress=report,
            negative=negative,
        )
    print_result(metrics, as_json, print_evaluation)
    if not quiet:
        say_notice()
