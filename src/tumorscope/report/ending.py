"""The figures with which a training ends, as a table that a notebook shows."""

from collections.abc import Mapping
from typing import Any

from tumorscope.report.figure_rows import describe_figure, describe_share
from tumorscope.report.page import render_page
from tumorscope.report.wording import count_noun

_FIGURES = ("accuracy", "sensitivity", "specificity", "auroc")


def render_ending(metrics: Mapping[str, Any]) -> str:
    """Write accuracy, sensitivity, specificity, AUROC and the share left uncertain as HTML.

    Parameters
    ----------
    metrics
        As `evaluate` gives those of a run, or `crossval` its own.
    """
    return render_page(
        "ending.html.j2",
        slices=count_noun(metrics["slices"], "slice"),
        groups=count_noun(metrics["groups"], "group"),
        rows=[describe_figure(name, metrics) for name in _FIGURES],
        uncertain=describe_share(metrics["verdicts"]["uncertain"]),
    )
