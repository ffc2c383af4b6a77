"""The figures of whole series: how well their order, their classes and their verdicts are."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE, TUMOR, UNCERTAIN
from tumorscope.evaluation.right_verdicts import measure_right_verdicts
from tumorscope.evaluation.summary import MetricsWithIntervals, summarize_scores
from tumorscope.evaluation.uncertainty.proportion import measure_share

_DIVIDED_BY = (LEFT_OUT, "source", "sequence", "plane")


def measure_series(series: pd.DataFrame) -> dict[str, Any]:
    """Measure the answers for series, all together and by what is known of them.

    Parameters
    ----------
    series
        As `series.csv` holds them: with ``series``, ``group``, ``label``,
        ``probability``, ``predicted_class``, ``verdict``, ``fitted``, ``assessed`` and ``of``.

    Returns
    -------
    dict
        How many series there are, of how many groups, with and without a tumor, and how many
        answers there are of them over all repeats, of which so many are assessable, and so many
        ``fitted``, by a rule that was fitted on series; of their ``slices`` with brain, how many
        were ``assessed``, ``of`` how many; ``auroc``, ``sensitivity`` and
        ``specificity`` of the assessable ones, with ``intervals``, and the same ``per_group``;
        ``right_verdicts`` of all; the shares that are ``uncertain`` and ``not_assessable``, each
        group counting once; and in ``by``, from a column to its values, the same of each.
    """
    parts = [name for name in _DIVIDED_BY if name in series and series[name].nunique() > 1]
    if LEFT_OUT in series and LEFT_OUT not in parts:
        parts.insert(0, LEFT_OUT)
    return {
        **_measure(series),
        "by": {
            name: {str(value): _measure(own) for value, own in series.groupby(name, sort=True)}
            for name in parts
        },
    }


def _measure(series: pd.DataFrame) -> dict[str, Any]:
    once = series.drop_duplicates("series")
    assessable = series[series["verdict"] != NOT_ASSESSABLE]
    return {
        "count": len(once),
        "groups": int(series["group"].nunique()),
        "tumor": int((once["label"] == 1).sum()),
        "no_tumor": int((once["label"] == 0).sum()),
        "answers": len(series),
        "assessable": len(assessable),
        "fitted": int(series["fitted"].sum()),
        "slices": {name: int(series[name].sum()) for name in ("assessed", "of")},
        **_measure_classes(assessable),
        "right_verdicts": measure_right_verdicts(
            series["label"], series["verdict"], series["group"]
        ),
        "uncertain": measure_share(series["verdict"] == UNCERTAIN, series["group"]),
        "not_assessable": measure_share(series["verdict"] == NOT_ASSESSABLE, series["group"]),
    }


def _measure_classes(assessable: pd.DataFrame) -> dict[str, Any]:
    """Measure the order by probability, and the classes called by the threshold of each fold."""
    if assessable.empty:
        nothing = {
            **dict.fromkeys(("auroc", "sensitivity", "specificity")),
            "intervals": dict.fromkeys(("auroc", "sensitivity", "specificity")),
        }
        return {**nothing, "per_group": nothing}
    truth = assessable["label"], assessable["group"]
    ranked, called = (
        summarize_scores(truth[0], scores, HALF, truth[1])
        for scores in (assessable["probability"], assessable["predicted_class"] == TUMOR)
    )
    return {
        **_choose(ranked, called),
        "per_group": _choose(ranked["per_group"], called["per_group"]),
    }


def _choose(ranked: MetricsWithIntervals, called: MetricsWithIntervals) -> dict[str, Any]:
    chosen: Sequence[tuple[str, MetricsWithIntervals]] = (
        ("auroc", ranked), ("sensitivity", called), ("specificity", called)
    )  # fmt: skip
    return {
        **{name: summary[name] for name, summary in chosen},  # type: ignore[literal-required]
        "intervals": {name: summary["intervals"][name] for name, summary in chosen},
    }
