"""What the answers of a model are worth for whole series, and by what is known of slices."""

from typing import Any, NamedTuple

import pandas as pd

from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.workflows.measuring.known import add_known
from tumorscope.workflows.measuring.nuisances import measure_nuisances
from tumorscope.workflows.measuring.series import (
    SeriesRule,
    judge_series,
    name_parts,
    tabulate_series,
)
from tumorscope.workflows.measuring.series_metrics import measure_series


class Breakdown(NamedTuple):
    """Figures, ready for JSON, and the answers for series that they are of; None without any."""

    metrics: dict[str, Any]
    series: pd.DataFrame | None


def break_down(table: pd.DataFrame, known: pd.DataFrame, spec: ArtifactSpec) -> Breakdown:
    """Answer for the series of a table as `predict` does, and measure these and the slices.

    Parameters
    ----------
    table
        Answers for slices, as from `mark_little_brain` or `decide_out_of_fold`; those of a model
        that gives no verdicts are measured by the classes it calls. Not modified.
    known
        What is known of the slices, as from `list_known`.
    spec
        The model: the rule for series is its own.

    Returns
    -------
    Breakdown
        Of ``series``, as from `measure_series`, where there are any; and of ``nuisances``, as from
        `measure_nuisances` (the first repeat), where anything is known.
    """
    metrics: dict[str, Any] = {}
    keys = [name for name in ("repeat", "series") if name in table]
    votes = tabulate_series(table, keys)
    series = name_parts(judge_series(votes, take_rule(spec)), known) if len(votes) else None
    if series is not None:
        metrics["series"] = measure_series(series)
    once = table[table["repeat"] == 0] if "repeat" in table else table
    if "verdict" not in once:
        once = once.assign(verdict=once["predicted_class"])
    if nuisances := measure_nuisances(add_known(once, known)):
        metrics["nuisances"] = nuisances
    return Breakdown(metrics, series)


def take_rule(spec: ArtifactSpec) -> SeriesRule:
    """Take from a model what turns votes into answers."""
    rule = spec.series
    if rule is None:
        return SeriesRule(spec.threshold, spec.conformal.limits)
    threshold = rule.operating_points[spec.operating_point]
    return SeriesRule(threshold, rule.conformal.limits, (rule.slope, rule.intercept))
