"""How a training and a cross-validation end: figures in a notebook, and alarms anywhere."""

import warnings
from collections.abc import Mapping
from typing import Any

from tumorscope.errors import Alarm
from tumorscope.progress import find_display
from tumorscope.report.ending import render_ending


def conclude(metrics: Mapping[str, Any], copies: str | None) -> None:
    """Show the figures where a notebook runs this, and warn of what makes them worthless.

    Parameters
    ----------
    metrics
        Of a run or a cross-validation, with ``alarms``.
    copies
        What is said of copies across the split, if there are any.

    Warns
    -----
    Alarm
        Of each alarm.
    """
    display = find_display()
    if display is not None:
        display({"text/html": render_ending(metrics)}, raw=True)
    for alarm in (*([copies] if copies else []), *metrics["alarms"]):
        warnings.warn(alarm, Alarm, stacklevel=3)
