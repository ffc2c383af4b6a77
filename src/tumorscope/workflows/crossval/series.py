"""From the answers for slices to those for series, by a rule that is fitted on held-out series."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import Decision
from tumorscope.evaluation.decisions.series import SeriesDecision, fit_series_decision
from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE, call_classes, decide_verdicts
from tumorscope.evaluation.decisions.vote import (
    NOTHING_TO_ASSESS,
    calibrate_votes,
    find_refusal,
    find_vote,
)
from tumorscope.recipe import DecisionSettings

_NEEDED = {"series", "place", "little_brain"}
_OF_SERIES = ("path", "group", "label", "vote", "assessed", "of")
_PARTS = ("source", LEFT_OUT, "patient_id", "site", "sequence", "plane")


def tabulate_series(slices: pd.DataFrame, keys: Sequence[str] = ("series",)) -> pd.DataFrame:
    """Let the slices of each series vote.

    Parameters
    ----------
    slices
        With ``path``, ``label``, ``group``, the calibrated ``probability``, the ``reason`` of what
        the guard refuses and, if there are series, ``series``, ``place`` and ``little_brain``.
        Only slices with a place are of a series. Not modified.
    keys
        The columns that tell series apart: also ``model`` or ``repeat`` where several models have
        answered for the same one.

    Returns
    -------
    pandas.DataFrame
        One row per series: the keys; ``path`` and ``group`` of its first slice; ``label``, 1 where
        any slice shows a tumor; the ``vote``, missing where no slice is assessable; how many
        slices were ``assessed``, ``of`` how many with brain.
    """
    rows = []
    if set(slices) >= _NEEDED:
        placed = slices[slices["place"].notna()].sort_values("place")
        rows = [
            {**dict(zip(keys, names, strict=True)), **_count_votes(series)}
            for names, series in placed.groupby(list(keys))
        ]
    return pd.DataFrame(rows, columns=[*keys, *_OF_SERIES])


def _count_votes(series: pd.DataFrame) -> dict[str, Any]:
    has_brain = ~series["little_brain"].astype(bool)
    is_assessed = has_brain & series["reason"].isna()
    probabilities = [
        float(value) if counts else None
        for value, counts in zip(series["probability"], is_assessed, strict=True)
    ]
    first = series.iloc[0]
    return {
        "path": first["path"],
        "group": first["group"],
        "label": int(series["label"].max()),
        "vote": find_vote(probabilities, series["place"].astype(int).tolist()),
        "assessed": int(is_assessed.sum()),
        "of": int(has_brain.sum()),
    }


def take_assessable(series: pd.DataFrame) -> pd.DataFrame:
    """Take the series that get a verdict, as from `tabulate_series`: the rule is for these."""
    return series[np.array([reason is None for reason in _find_reasons(series)], np.bool_)]


def fit_rule(series: pd.DataFrame, settings: DecisionSettings) -> SeriesDecision | None:
    """Fit the rule on series, as from `tabulate_series`; None where there are too few."""
    usable = take_assessable(series)
    return fit_series_decision(
        usable["label"].to_numpy(np.int64),
        usable["vote"].to_numpy(np.float64),
        usable["group"].to_numpy(),
        settings.target_sensitivity,
        settings.conformal_error,
    )


def answer_for_series(
    test: pd.DataFrame, validation: pd.DataFrame, decision: Decision, settings: DecisionSettings
) -> tuple[pd.DataFrame, SeriesDecision | None]:
    """Fit the rule of a fold on the series of validation parts and answer for those of its test.

    Parameters
    ----------
    test, validation
        Slices as `tabulate_series` takes them, with the ``probability`` that the network gave; of
        validation also the ``model``. Not modified.
    decision
        Of slices: its temperature makes the votes, and where the rule cannot be fitted, its
        threshold and limits serve for series, as they do at prediction.
    settings
        What is fitted.

    Returns
    -------
    tuple
        The series, as from `tabulate_series`, with their ``probability``, ``predicted_class``,
        ``verdict`` and the ``reason`` of one that is not assessable, and whether the rule was
        ``fitted``; and the rule, None where validation has too few series.
    """
    held_back, series = (
        tabulate_series(_calibrate(slices, decision.temperature), keys)
        for slices, keys in ((validation, ("model", "series")), (test, ("series",)))
    )
    rule = fit_rule(held_back, settings)
    if not len(series):
        return series, rule
    votes = series["vote"].to_numpy(np.float64)
    is_voting = ~np.isnan(votes)
    probabilities = votes.copy()
    threshold, limits = decision.get_threshold(settings.operating_point), decision.limits
    reasons = [NOTHING_TO_ASSESS if np.isnan(vote) else None for vote in votes]
    if rule is not None:
        probabilities[is_voting] = calibrate_votes(votes[is_voting], rule.slope, rule.intercept)
        threshold, limits = rule.get_threshold(settings.operating_point), rule.limits
        reasons = _find_reasons(series)
    answered = np.array([reason is None for reason in reasons])
    probabilities[~answered] = np.nan
    # The words for what has no probability are replaced, so any number will do for it.
    known = np.nan_to_num(probabilities)
    verdicts = decide_verdicts(known, threshold, limits)
    return series.assign(
        probability=probabilities,
        predicted_class=pd.Series(call_classes(known, threshold)).where(answered),
        verdict=np.where(answered, verdicts, NOT_ASSESSABLE),
        reason=pd.Series(reasons, dtype=object),
        fitted=rule is not None,
    ), rule


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


def name_parts(series: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Put beside each series what is known of its slices, by the path of its first.

    Parameters
    ----------
    series
        As from `answer_for_series`, of all folds. Not modified.
    known
        What is known of slices, with their paths as the index.
    """
    names = known.reindex(series["path"])[[name for name in _PARTS if name in known]]
    named = series.drop(columns="path").assign(
        **{str(name): names[name].to_numpy() for name in names}
    )
    first = [name for name in ("repeat", "fold", "series", *names) if name in named]
    return named[[*first, *(name for name in named if name not in first)]]


def _calibrate(slices: pd.DataFrame, temperature: float) -> pd.DataFrame:
    return slices.assign(probability=apply_temperature(slices["probability"], temperature))


def _find_reasons(series: pd.DataFrame) -> list[str | None]:
    return [
        find_refusal(int(assessed), int(of))
        for assessed, of in zip(series["assessed"], series["of"], strict=True)
    ]
