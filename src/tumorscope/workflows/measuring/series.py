"""From answers for slices to those for whole series: slices vote, and a rule judges the vote."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.evaluation.decisions.conformal import ConformalLimits
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


class SeriesRule(NamedTuple):
    """What turns votes into answers.

    Attributes
    ----------
    threshold, limits
        Of the probability.
    calibration
        The slope and the intercept that make a probability of a vote. None where nothing was
        fitted on series: the vote itself is the probability then, and threshold and limits are
        those of a single slice.
    """

    threshold: float
    limits: ConformalLimits
    calibration: tuple[float, float] | None = None


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


def judge_series(series: pd.DataFrame, rule: SeriesRule) -> pd.DataFrame:
    """Answer for series by their votes, as `predict` does.

    Parameters
    ----------
    series
        As from `tabulate_series`. Not modified.
    rule
        What answers.

    Returns
    -------
    pandas.DataFrame
        With their ``probability``, ``predicted_class``, ``verdict`` and the ``reason`` of one that
        is not assessable, and whether the rule was ``fitted`` on series.
    """
    votes = series["vote"].to_numpy(np.float64)
    is_voting = ~np.isnan(votes)
    probabilities = votes.copy()
    reasons = [None if voting else NOTHING_TO_ASSESS for voting in is_voting]
    if rule.calibration is not None:
        probabilities[is_voting] = calibrate_votes(votes[is_voting], *rule.calibration)
        reasons = _find_reasons(series)
    answered = np.array([reason is None for reason in reasons], np.bool_)
    probabilities[~answered] = np.nan
    # The words for what has no probability are replaced, so any number will do for it.
    known = np.nan_to_num(probabilities)
    verdicts = decide_verdicts(known, rule.threshold, rule.limits)
    called = pd.Series(call_classes(known, rule.threshold), series.index)
    return series.assign(
        probability=probabilities,
        predicted_class=called.where(answered),
        verdict=np.where(answered, verdicts, NOT_ASSESSABLE),
        reason=pd.Series(reasons, series.index, dtype=object),
        fitted=rule.calibration is not None,
    )


def name_parts(series: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Put beside each series what is known of its slices, by the path of its first.

    Parameters
    ----------
    series
        As from `judge_series`, of all models. Not modified.
    known
        What is known of slices, with their paths as the index.
    """
    names = known.reindex(series["path"])[[name for name in _PARTS if name in known]]
    named = series.drop(columns="path").assign(
        **{str(name): names[name].to_numpy() for name in names}
    )
    first = [name for name in ("repeat", "fold", "series", *names) if name in named]
    return named[[*first, *(name for name in named if name not in first)]]


def _find_reasons(series: pd.DataFrame) -> list[str | None]:
    return [
        find_refusal(int(assessed), int(of))
        for assessed, of in zip(series["assessed"], series["of"], strict=True)
    ]
