"""What the commands have in common: options and exit codes."""

from typing import Annotated

import typer

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress and no notices.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

BAD_INPUT = 2
FAILURE = 1
