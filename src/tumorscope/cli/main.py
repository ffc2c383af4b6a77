"""The command line: its commands, a file each, and what becomes of an error.

Each command calls the workflow of its name; nothing heavy is imported before it runs.
"""

import sys
import warnings
from io import TextIOWrapper
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.audit import audit
from tumorscope.cli.compare import compare
from tumorscope.cli.crossval import crossval
from tumorscope.cli.evaluate import evaluate
from tumorscope.cli.explain import explain
from tumorscope.cli.options import BAD_INPUT, FAILURE
from tumorscope.cli.phantom import phantom
from tumorscope.cli.predict import predict
from tumorscope.cli.train import train
from tumorscope.cli.visible import make_visible
from tumorscope.errors import InputError, TumorscopeError
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
    try:
        app()
    except (TumorscopeError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        said = make_visible(" ".join(str(error).splitlines()))
        typer.echo(f"tumorscope: error: {said}", err=True)
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


for _command in (audit, train, crossval, compare, evaluate, explain, predict, phantom):
    app.command()(_command)
