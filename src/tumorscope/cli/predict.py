"""The command that answers for scans; results are printed as they come."""

import json
import os
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import tumorscope
from tumorscope.cli.console import make_visible
from tumorscope.cli.options import BAD_INPUT, AsJson, Quiet

if TYPE_CHECKING:
    from tumorscope.scans.scan import Unreadable
    from tumorscope.workflows.predict.answers import Answer

UNREADABLE = "unreadable"


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
    uids: Annotated[
        bool, typer.Option("--uids", help="Add the UIDs of DICOM series and instances.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Answer for scans; exit code 2 if any file could not be read."""
    from tumorscope.cli.console import say, say_notice, show_progress

    seen: list[Answer] = []  # the first one, which tells the model
    starts = chain(["["], repeat(","))

    def print_element(element: dict[str, object]) -> None:
        typer.echo(f"{next(starts)}\n  {json.dumps(element)}", nl=False)

    def take_answer(answer: "Answer") -> None:
        if as_json:
            print_element(_list_elements(answer, uids))
        elif out is None:
            if not seen:  # once, and not before an error
                typer.echo(f"{_name_model(answer)}\n{'verdict':<14}  probability  path")
            typer.echo(_write_row(answer, seen[0] if seen else answer))
        if not seen:
            seen.append(answer)

    def take_unreadable(unreadable: "Unreadable") -> None:
        say(str(unreadable))
        if as_json:
            print_element(
                {"path": unreadable.name, "verdict": UNREADABLE, "reason": unreadable.reason}
            )

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
            uids=uids,
            on_answer=take_answer,
            on_unreadable=take_unreadable,
            on_progress=report,
        )
    if as_json:
        typer.echo("\n]" if counts.slices or counts.unreadable else "[]")
    if not quiet:
        if out is not None:
            say(f"{counts.slices} answers: {out}")
            for answer in seen:
                say(_name_model(answer))
        if counts.not_assessable:
            say(f"not assessable: {counts.not_assessable} of {counts.slices}")
        if counts.known:
            say(
                f"known: {counts.known} of {counts.slices}; the model was trained on these very "
                "slices, so their answers prove nothing"
            )
        say_notice()
    if counts.unreadable:
        raise typer.Exit(BAD_INPUT)


def _list_elements(answer: "Answer", uids: bool) -> dict[str, object]:
    element = answer._asdict()
    left_out = (
        *(() if answer.is_series else ("assessed", "of")),
        *(() if uids else ("series_uid", "instance_uid")),
    )
    for name in left_out:
        del element[name]
    if answer.region is not None:
        element["region"] = answer.region.describe()
    return element


def _name_model(answer: "Answer") -> str:
    return make_visible(
        f"model {answer.model} {answer.fingerprint}, threshold {answer.threshold:.3g}, "
        f"Tumorscope {answer.version}"
    )


def _write_row(answer: "Answer", first: "Answer") -> str:
    """Write a row for the terminal; the threshold only where it is not that of the first row."""
    shown = "-" if answer.probability is None else f"{answer.probability:.4f}"
    said = answer.path if answer.reason is None else f"{answer.path}: {answer.reason}"
    name = ""
    if answer.is_series:
        name, said = "series ", f"{said} ({answer.assessed} of {answer.of} slices assessed)"
        if answer.threshold != first.threshold:
            said = f"{said}; threshold {answer.threshold:.3g}"
        if answer.known:
            said = f"{said}; the model was trained on {answer.known} of its slices"
    elif answer.known:
        said = f"{said}; known: the model was trained on it"
    if answer.note is not None and (answer.is_series or answer.series is None):
        said = f"{said}; {answer.note}"
    said = make_visible(said).replace("\n", "\\n")
    return f"{answer.verdict:<14}  {shown:>11}  {name}{said}"
