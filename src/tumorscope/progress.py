"""How long work tells that it goes on."""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

ProgressCallback = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is; 0: unknown."""

_BAR = 30
_SECONDS_BETWEEN = 0.2
_lines: dict[str, tuple[Any, float, float]] = {}
"""Of each stage under way: what shows it, and when it began and was last shown."""


def ignore_progress(stage: str, done: int, total: int) -> None:
    """Take a progress report and do nothing."""


def find_display() -> Any | None:
    """Give the function that shows something in a notebook; None outside of one."""
    if "IPython" not in sys.modules:
        return None
    module = import_module("IPython")
    if getattr(module.get_ipython(), "kernel", None) is None:
        return None
    return module.display.display


def show_in_notebook(stage: str, done: int, total: int) -> None:
    """Draw a bar for each stage where a notebook runs this, and nothing elsewhere."""
    display = find_display()
    if display is None:
        return
    now = time.monotonic()
    handle, began, shown = _lines.get(stage, (None, now, -_SECONDS_BETWEEN))
    is_done = 0 < total <= done
    if now - shown < _SECONDS_BETWEEN and not is_done:
        return
    line = {"text/plain": _draw(stage, done, total, now - began)}
    if handle is None:
        handle = display(line, raw=True, display_id=True)
    else:
        handle.update(line, raw=True)
    _lines[stage] = handle, began, now
    if is_done:
        del _lines[stage]


def _draw(stage: str, done: int, total: int, seconds: float) -> str:
    elapsed = f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
    if not total:
        return f"{stage}: {done}, {elapsed}"
    filled = round(_BAR * min(done / total, 1))
    return f"{stage} [{'#' * filled:.<{_BAR}}] {done} of {total}, {elapsed}"
