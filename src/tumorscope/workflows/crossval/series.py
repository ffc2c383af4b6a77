"""The answers of a fold for whole series, by a rule fitted on series that its model was not shown.

Nothing of what the fold tests has a part in that.
"""

from typing import Any

import pandas as pd

from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import Decision
from tumorscope.evaluation.decisions.series import SeriesDecision
from tumorscope.recipe import DecisionSettings
from tumorscope.workflows.measuring.series import (
    SeriesRule,
    fit_rule,
    judge_series,
    tabulate_series,
)


def answer_for_series(
    test: pd.DataFrame, held_back: pd.DataFrame, decision: Decision, settings: DecisionSettings
) -> tuple[pd.DataFrame, SeriesDecision | None]:
    """Fit the rule of a fold on series that models were not trained on, and answer for its own.

    Parameters
    ----------
    test, held_back
        Slices as `tabulate_series` takes them, with the ``probability`` that the network gave; of
        `held_back` also the ``model``. Those of a group that is tested have no say. Not modified.
    decision
        Of slices: its temperature makes the votes, and where the rule cannot be fitted, its
        threshold and limits serve for series, as they do at prediction.
    settings
        What is fitted.

    Returns
    -------
    tuple
        The series, as from `judge_series`; and the rule, None where there are too few series to
        fit it on.
    """
    others = held_back[~held_back["group"].isin(test["group"])]
    known, series = (
        tabulate_series(_calibrate(slices, decision.temperature), keys)
        for slices, keys in ((others, ("model", "series")), (test, ("series",)))
    )
    fitted = fit_rule(known, settings)
    if fitted is None:
        rule = SeriesRule(decision.get_threshold(settings.operating_point), decision.limits)
    else:
        threshold = fitted.get_threshold(settings.operating_point)
        rule = SeriesRule(threshold, fitted.limits, (fitted.slope, fitted.intercept))
    return judge_series(series, rule), fitted


def describe_rule(rule: SeriesDecision | None) -> dict[str, Any] | None:
    """List what was fitted, ready for JSON."""
    if rule is None:
        return None
    return {
        "slope": rule.slope,
        "intercept": rule.intercept,
        "thresholds": {point.name: point.threshold for point in rule.operating_points},
        "conformal_limits": rule.limits._asdict(),
        "no_tumor": rule.no_tumor,
        "tumor": rule.tumor,
    }


def _calibrate(slices: pd.DataFrame, temperature: float) -> pd.DataFrame:
    return slices.assign(probability=apply_temperature(slices["probability"], temperature))
