"""The commands. Each calls the workflow of its name; nothing heavy is imported before it runs."""

import json
import sys
import warnings
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.explaining import explain
from tumorscope.cli.options import BAD_INPUT, FAILURE, AsJson, Quiet
from tumorscope.cli.predict import predict
from tumorscope.errors import InputError, TumorscopeError
from tumorscope.provenance import RESEARCH_USE_ONLY

app = typer.Typer(
    help=f"Brain MRI tumor classification with figures that can be believed. {RESEARCH_USE_ONLY}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Positive = Annotated[str, typer.Option(help="Name of the class with a tumor.")]

Masks = Annotated[
    Path | None,
    typer.Option(help="Outlines to learn from: VGG Image Annotator JSON, or a folder of masks."),
]

Data = Annotated[
    list[str], typer.Argument(help="Folders of two classes, .csv, or kaggle:owner/name.")
]


def main() -> None:
    """Run the command line; an error on purpose becomes one line and an exit code."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # an odd file is reported by its reader
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of files hold what some terminals cannot show
            stream.reconfigure(errors="backslashreplace")
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


def _join_sources(data: list[str]) -> str | list[str]:
    return data[0] if len(data) == 1 else data


@app.command()
def audit(
    folders: Annotated[list[Path], typer.Argument(help="Folders of images.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    fail_on: Annotated[
        str, typer.Option(help="Exit code 1 if there are copies, conflicts or unreadable: a,b.")
    ] = "",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Look for copies, label conflicts, odd pictures and broken files in folders of images."""
    from tumorscope.cli.console import print_audit, say, say_notice, show_progress

    faults = [name.strip() for name in fail_on.split(",") if name.strip()]
    with show_progress(quiet) as report:
        summary = tumorscope.audit(folders, out, faults, on_progress=report)
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
    else:
        print_audit(summary)
    if not quiet:
        say(f"page:   {out / 'audit.html'}\ngroups: {out / 'groups.csv'}")
        say_notice()
    if summary["failed"]:
        say(f"found what --fail-on names: {', '.join(summary['failed'])}")
        raise typer.Exit(FAILURE)


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="The run folder to write.")],
    recipe: Annotated[str, typer.Option(help="notebook, default, or a YAML file.")] = "default",
    backbone: Annotated[str | None, typer.Option(help="Short for model.backbone.")] = None,
    target_sensitivity: Annotated[
        float | None, typer.Option(help="Short for decision.target_sensitivity.")
    ] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, as training.epochs=3.")
    ] = None,
    positive: Positive = "yes",
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

    settings = [*(overrides or ())]
    if target_sensitivity is not None:
        settings.append(f"decision.target_sensitivity={target_sensitivity}")
    with show_progress(quiet) as report:
        run = tumorscope.train(
            _join_sources(data),
            out,
            recipe,
            backbone,
            settings,
            positive,
            masks,
            crossval,
            resume,
            on_progress=report,
        )
    if not quiet:
        say(f"report: {run / 'report.html'}\nmodel:  {run / 'model'}")
        say_notice()


@app.command()
def crossval(
    data: Data,
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    recipe: Annotated[str, typer.Option(help="notebook, default, or a YAML file.")] = "default",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    repeats: Annotated[int, typer.Option(min=1, help="How often to divide anew.")] = 1,
    backbone: Annotated[str | None, typer.Option(help="Short for model.backbone.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, as training.epochs=3.")
    ] = None,
    positive: Positive = "yes",
    masks: Masks = None,
    folds_file: Annotated[
        Path | None, typer.Option(help="The folds.csv of another one, to be compared with it.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Folds trained at a time.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue an interrupted one.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train and test on every fold in turn: figures from slices that no training saw."""
    from tumorscope.cli.console import say, say_notice, show_progress

    with show_progress(quiet) as report:
        cv = tumorscope.crossval(
            _join_sources(data),
            out,
            recipe,
            folds,
            repeats,
            backbone,
            overrides or (),
            positive,
            masks,
            folds_file,
            jobs,
            resume,
            on_progress=report,
        )
    if not quiet:
        say(f"report:      {cv / 'report.html'}\npredictions: {cv / 'predictions.csv'}")
        say_notice()


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="A cross-validation.")],
    second: Annotated[Path, typer.Argument(help="Another one on the same folds.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare two cross-validations slice by slice: paired differences, second minus first."""
    from tumorscope.cli.console import print_comparison, say, say_notice

    comparison = tumorscope.compare(first, second, out)
    if as_json:
        typer.echo(json.dumps(comparison, indent=2))
    else:
        print_comparison(comparison)
    if not quiet:
        say(f"figure: {out / 'comparison.png'}")
        say_notice()


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A run folder; with DATA also a model folder.")],
    data: Annotated[str | None, typer.Argument(help="Other labelled slices.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where results go; required with DATA.")] = None,
    positive: Positive = "yes",
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
    from tumorscope.cli.console import say_notice, show_progress
    from tumorscope.cli.evaluation_table import print_evaluation

    with show_progress(quiet) as report:
        metrics = tumorscope.evaluate(
            model, data, out, positive, by or (), predictions, on_progress=report
        )
    if as_json:
        typer.echo(json.dumps(metrics, indent=2))
    else:
        print_evaluation(metrics)
    if not quiet:
        say_notice()


app.command()(explain)


app.command()(predict)


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
