"""The command that draws heatmaps, or measures them against outlines."""

from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import Positive, Quiet
from tumorscope.errors import InputError


def explain(
    model: Annotated[Path, typer.Argument(help="A run folder; with FOLDER also a model folder.")],
    folder: Annotated[str | None, typer.Argument(help="Data, as for train, with outlines.")] = None,
    masks: Annotated[
        Path | None,
        typer.Option(help="Outlines in pictures: VGG Image Annotator JSON, or a folder."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The folder to write, with FOLDER.")] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="Number of slices; 12, or with FOLDER all.")
    ] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option(help="A map to compare with, as Grad-CAM, in place of all 15; repeatable."),
    ] = None,
    positive: Positive = "yes",
    quiet: Quiet = False,
) -> None:
    """Draw heatmaps of validation slices, or measure them against outlined lesions."""
    from tumorscope.cli.console import say, say_notice, show_progress

    if any((folder, masks, out, methods)) and not (folder and out):
        raise InputError(
            "to measure heatmaps give FOLDER and --out together, and --masks where it has none"
        )
    with show_progress(quiet) as report:
        if folder and out:
            tumorscope.localize(
                model, folder, masks, out, positive, count, on_progress=report, methods=methods
            )
            said = f"page:  {out / 'localization.html'}\ntable: {out / 'localization.csv'}"
        else:
            said = f"contact sheet: {tumorscope.explain(model, count or 12, on_progress=report)}"
    if not quiet:
        say(said)
        say_notice()
