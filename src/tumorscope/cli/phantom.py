"""The command that writes synthetic slices."""

from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import Quiet


def phantom(
    out: Annotated[Path, typer.Argument(help="A new folder, or earlier phantoms to replace.")],
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
