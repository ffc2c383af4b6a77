"""The command that compares two cross-validations."""

from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import AsJson, Quiet


def compare(
    first: Annotated[Path, typer.Argument(help="A cross-validation.")],
    second: Annotated[Path, typer.Argument(help="Another one on the same folds.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Compare two cross-validations slice by slice: paired differences, second minus first."""
    from tumorscope.cli.console import print_comparison, print_result, say, say_notice

    comparison = tumorscope.compare(first, second, out)
    print_result(comparison, as_json, print_comparison)
    if not quiet:
        say(f"figure: {out / 'comparison.png'}")
        say_notice()
