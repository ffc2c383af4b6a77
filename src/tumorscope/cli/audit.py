"""The command that looks for copies and faults in folders of scans."""

from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import FAILURE, AsJson, Negative, Positive, Quiet


def audit(
    folders: Annotated[list[Path], typer.Argument(help="Folders of scans, or .csv.")],
    out: Annotated[Path, typer.Option(help="The folder to write.")],
    fail_on: Annotated[
        str, typer.Option(help="Exit code 1 if there are copies, conflicts or unreadable: a,b.")
    ] = "",
    positive: Positive = "yes",
    negative: Negative = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Look for copies, label conflicts, odd pictures and broken files in folders of scans."""
    from tumorscope.cli.console import print_audit, print_result, say, say_notice, show_progress

    faults = [name.strip() for name in fail_on.split(",") if name.strip()]
    with show_progress(quiet) as report:
        summary = tumorscope.audit(
            folders, out, faults, on_progress=report, positive=positive, negative=negative
        )
    print_result(summary, as_json, print_audit)
    if not quiet:
        say(f"page:   {out / 'audit.html'}\ngroups: {out / 'groups.csv'}")
        say_notice()
    if summary["failed"]:
        say(f"found what --fail-on names: {', '.join(summary['failed'])}")
        raise typer.Exit(FAILURE)
