"""The command that draws heatmaps, or measures them against outlines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

import tumorscope
from tumorscope.cli.options import Negative, Positive, Quiet
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
    negative: Negative = None,
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
            result = tumorscope.localize(
                model, folder, masks, out, positive, count, on_progress=report,
                negative=negative, methods=methods,
            )  # fmt: skip
            said = (
                f"{_count_slices(result['slices'])}\n"
                f"page:  {out / 'localization.html'}\ntable: {out / 'localization.csv'}"
            )
        else:
            said = f"contact sheet: {tumorscope.explain(model, count or 12, on_progress=report)}"
    if not quiet:
        say(said)
        say_notice()


def _count_slices(slices: Mapping[str, int]) -> str:
    return (
        f"{slices['outlined']} outlined slices: {slices['copies']} left out as known to the model, "
        f"{slices['called_tumor']} of {slices['asked']} others called a tumor and measured"
    )
