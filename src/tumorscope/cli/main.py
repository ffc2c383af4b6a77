"""The commands. Each calls the workflow of its name; nothing heavy is imported before it runs."""

import json
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.errors import InputError, TumorscopeError
from tumorscope.provenance import RESEARCH_USE_ONLY

app = typer.Typer(
    help=f"Brain MRI tumor classification with figures that can be believed. {RESEARCH_USE_ONLY}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Positive = Annotated[str, typer.Option(help="Name of the class with a tumor.")]

BAD_INPUT = 2
FAILURE = 1


def main() -> None:
    """Run the command line; an error on purpose becomes one line and an exit code."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # an odd file is reported by its reader
    try:
        app()
    except (TumorscopeError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        typer.echo(f"tumorscope: error: {' '.join(str(error).splitlines())}", err=True)
        sys.exit(BAD_INPUT if isinstance(error, InputError) else FAILURE)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tumorscope {tumorscope.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    pass


@app.command()
def train(
    data: Annotated[str, typer.Argument(help="Folder of two classes, .csv, or kaggle:owner/name.")],
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    recipe: Annotated[str, typer.Option(help="notebook, default, or a YAML file.")] = "default",
    backbone: Annotated[str | None, typer.Option(help="Short for model.backbone.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, as training.epochs=3.")
    ] = None,
    positive: Positive = "yes",
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train a classifier, measure it, explain it, and write a report."""
    from tumorscope.cli.console import say, say_notice, show_progress

    with show_progress(quiet) as report:
        run = tumorscope.train(
            data, out, recipe, backbone, overrides or (), positive, resume, on_progress=report
        )
    if not quiet:
        say(f"report: {run / 'report.html'}\nmodel:  {run / 'model'}")
        say_notice()


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder; with DATA also a model folder.")],
    data: Annotated[str | None, typer.Argument(help="Other labelled slices.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where results go; required with DATA.")] = None,
    positive: Positive = "yes",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model on its validation part, or on other labelled slices."""
    from tumorscope.cli.console import print_metrics, say_notice, show_progress

    with show_progress(quiet) as report:
        metrics = tumorscope.evaluate(model, data, out, positive, on_progress=report)
    if as_json:
        typer.echo(json.dumps(metrics, indent=2))
    else:
        print_metrics(metrics)
    if not quiet:
        say_notice()


@app.command()
def explain(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    count: Annotated[int, typer.Option(min=1, help="Number of validation slices.")] = 12,
    quiet: Quiet = False,
) -> None:
    """Draw Grad-CAM heatmaps beside slices of the validation part."""
    from tumorscope.cli.console import say, say_notice, show_progress

    with show_progress(quiet) as report:
        sheet = tumorscope.explain(run, count, on_progress=report)
    if not quiet:
        say(f"contact sheet: {sheet}")
        say_notice()


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="A model folder or a run folder.")],
    inputs: Annotated[list[Path], typer.Argument(help="Image files and folders.")],
    out: Annotated[Path | None, typer.Option(help="A CSV file for the results.")] = None,
    overlays: Annotated[Path | None, typer.Option(help="A folder for heatmap pictures.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer for image files; exit code 2 if any of them could not be read."""
    from tumorscope.cli.console import print_answers, say, say_notice, show_progress

    with show_progress(quiet) as report:
        answers, rejected = tumorscope.predict(model, inputs, out, overlays, on_progress=report)
    if as_json:
        typer.echo(json.dumps([answer._asdict() for answer in answers], indent=2))
    elif out is None:
        print_answers(answers)
    for file in rejected:
        say(f"{file.path}: {file.reason}")
    if not quiet:
        if out is not None:
            say(f"{len(answers)} answers: {out}")
        say_notice()
    if rejected:
        raise typer.Exit(BAD_INPUT)


@app.command()
def phantom(
    out: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    count: Annotated[int, typer.Option(help="Number of slices.")] = 400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same slices.")] = 0,
    quiet: Quiet = False,
) -> None:
    """Write synthetic MRI slices with and without lesions, for demos and tests."""
    from tumorscope.cli.console import say, show_progress

    with show_progress(quiet) as report:
        tumorscope.phantom(out, count, seed, on_progress=report)
    if not quiet:
        say(f"{count} synthetic slices: {out}")
