"""The command that answers for scans; results are printed as they come."""

import json
import os
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tumorscope
from tumorscope.cli.options import BAD_INPUT, AsJson, Quiet

if TYPE_CHECKING:
    from tumorscope.workflows.predict.answers import Answer


def predict(
    scans: Annotated[
        list[Path],
        # One that cannot be read is reported as any other file, and does not stop the rest.
        typer.Argument(
            help="Images, DICOM, NIfTI, zip files, folders; - for stdin.", readable=False
        ),
    ],
    model: Annotated[
        Path | None, typer.Option(help="A model or run folder, in place of the shipped model.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A CSV file for the results.")] = None,
    overlays: Annotated[
        Path | None, typer.Option(help="A folder for heatmap pictures; earlier ones are replaced.")
    ] = None,
    operating_point: Annotated[
        str | None,
        typer.Option(help="half, youden or target_sensitivity, in place of the model's own."),
    ] = None,
    plane: Annotated[
        str, typer.Option(help="axial, coronal or sagittal: how to cut NIfTI volumes.")
    ] = "axial",
    volume: Annotated[
        int, typer.Option(help="Which volume of 4-D NIfTI files, counted from 0.")
    ] = 0,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Answer for scans; exit code 2 if any file could not be read."""
    from tumorscope.cli.console import say, say_notice, show_progress

    starts = chain(["["], repeat(","))
    headings = iter([f"{'verdict':<14}  probability  path"])

    def print_element(answer: "Answer") -> None:
        element = answer._asdict()
        if not answer.is_series:
            del element["assessed"], element["of"]
        if answer.region is not None:
            element["region"] = answer.region.describe()
        typer.echo(f"{next(starts)}\n  {json.dumps(element)}", nl=False)

    def print_row(answer: "Answer") -> None:
        for heading in headings:  # once, and not before an error
            typer.echo(heading)
        shown = "-" if answer.probability is None else f"{answer.probability:.4f}"
        said = answer.path if answer.reason is None else f"{answer.path}: {answer.reason}"
        name = ""
        if answer.is_series:
            name, said = "series ", f"{said} ({answer.assessed} of {answer.of} slices assessed)"
        if answer.note is not None and (answer.is_series or answer.series is None):
            said = f"{said}; {answer.note}"
        typer.echo(f"{answer.verdict:<14}  {shown:>11}  {name}{said}")

    if as_json:
        on_answer = print_element
    elif out is None:
        on_answer = print_row
    else:
        on_answer = _print_nothing
    # Rows that appear one after the other show by themselves how the work goes on.
    with show_progress(quiet or out is None) as report:
        counts = tumorscope.predict(
            scans,
            out,
            model,
            overlays,
            operating_point,
            plane,
            volume,
            regions=as_json,
            processes=os.cpu_count() or 1,
            on_answer=on_answer,
            on_unreadable=lambda unreadable: say(str(unreadable)),
            on_progress=report,
        )
    if as_json:
        typer.echo("\n]" if counts.slices else "[]")
    if not quiet:
        if out is not None:
            say(f"{counts.slices} answers: {out}")
        if counts.not_assessable:
            say(f"not assessable: {counts.not_assessable} of {counts.slices}")
        say_notice()
    if counts.unreadable:
        raise typer.Exit(BAD_INPUT)


def _print_nothing(answer: "Answer") -> None:
    pass
