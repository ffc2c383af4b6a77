"""What a command says when it is stopped by Ctrl-C: what is left, and how to go on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

_RESUME = "what is finished is kept; go on with the same command and --resume"
_ALL_OR_NOTHING = "what it writes appears as a whole, so nothing has changed; start it again"
_HOW_TO_GO_ON = {"train": _RESUME, "crossval": _RESUME}


def telling_how_to_go_on(command: Callable[..., None]) -> Callable[..., None]:
    """Make a command say how to go on when it is interrupted, on stderr."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            how = _HOW_TO_GO_ON.get(command.__name__, _ALL_OR_NOTHING)
            typer.echo(f"\n{command.__name__}: stopped; {how}", err=True)
            raise

    return run
