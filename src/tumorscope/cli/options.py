"""What the commands have in common: options, arguments and exit codes."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    list[str], typer.Argument(help="Folders of two classes of scans, .csv, or kaggle:owner/name.")
]
RecipeName = Annotated[str, typer.Option(help="notebook, default, or a YAML file.")]
Backbone = Annotated[str | None, typer.Option(help="Short for model.backbone.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", help="A setting, as training.epochs=3.")
]
Positive = Annotated[str, typer.Option(help="Names of the classes with a tumor: a,b.")]
Negative = Annotated[
    str | None, typer.Option(help="Names of the classes without one; by default the other one.")
]
Masks = Annotated[
    list[Path] | None,
    typer.Option(help="Outlines in pictures: VGG Image Annotator JSON, or a folder of masks."),
]
SeparatePatients = Annotated[
    bool,
    typer.Option("--separate-patients", help="The same patient_id in two sources is two people."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

BAD_INPUT = 2
FAILURE = 1


def join_sources(data: list[str]) -> str | list[str]:
    """Give one source as it is, several as a list."""
    return data[0] if len(data) == 1 else data
