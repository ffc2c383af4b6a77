"""The command line: its commands, a file each, and what becomes of an error.

Each command calls the workflow of its name; nothing heavy is imported before it runs.
"""

import sys
import warnings
from collections.abc import Callable
from functools import partial
from io import TextIOWrapper
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.audit import audit
from tumorscope.cli.compare import compare
from tumorscope.cli.console import make_visible
from tumorscope.cli.crossval import crossval
from tumorscope.cli.evaluate import evaluate
from tumorscope.cli.explain import explain
from tumorscope.cli.interruption import telling_how_to_go_on
from tumorscope.cli.options import BAD_INPUT, FAILURE
from tumorscope.cli.phantom import phantom
from tumorscope.cli.predict import predict
from tumorscope.cli.train import train
from tumorscope.errors import Alarm, InputError, TumorscopeError
from tumorscope.provenance import RESEARCH_USE_ONLY

app = typer.Typer(
    help=f"Brain MRI tumor classification with figures that can be believed. {RESEARCH_USE_ONLY}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; an error on purpose becomes one line and an exit code."""
    warnings.filterwarnings("ignore", module=r"PIL\.")  # an odd file is reported by its reader
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names of files hold what some terminals cannot show
            stream.reconfigure(errors="backslashreplace")
    alarms: list[str] = []
    warnings.simplefilter("always", Alarm)
    warnings.showwarning = partial(_keep_alarm, alarms, warnings.showwarning)
    try:
        app()
    except (TumorscopeError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        said = make_visible(" ".join(str(error).splitlines()))
        typer.echo(f"tumorscope: error: {said}", err=True)
        sys.exit(BAD_INPUT if isinstance(error, InputError) else FAILURE)
    finally:  # where they cannot be overlooked: below all else, also of what was stopped
        for alarm in alarms:
            typer.secho(f"ALARM: {alarm}", err=True, fg="red", bold=True)


def _keep_alarm(
    alarms: list[str],
    show: Callable[..., None],
    message: Warning | str,
    category: type[Warning],
    *place: object,
    **named: object,
) -> None:
    """Keep an alarm for the end; show any other warning as ever."""
    if issubclass(category, Alarm):
        alarms.append(str(message))
    else:
        show(message, category, *place, **named)


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


for _command in (audit, train, crossval, compare, evaluate, explain, predict, phantom):
    app.command()(telling_how_to_go_on(_command))
