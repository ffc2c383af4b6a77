"""How long work tells that it goes on."""

from collections.abc import Callable

ProgressCallback = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is; 0: unknown."""


def ignore_progress(stage: str, done: int, total: int) -> None:
    """Take a progress report and do nothing."""
