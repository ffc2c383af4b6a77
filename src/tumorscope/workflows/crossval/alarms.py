"""What must be said beside the figures of a cross-validation, since they hide it."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tumorscope.evaluation.decisions.conformal import ConformalLimits
from tumorscope.evaluation.decisions.faults import find_missing_verdicts, is_collapsed
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES
from tumorscope.workflows.alarms import list_answer_alarms


def list_fold_alarms(
    predictions: pd.DataFrame, folds: Sequence[dict[str, Any]], operating_point: str
) -> list[str]:
    """Say in sentences in how many folds a network collapsed, or a verdict can never come.

    Parameters
    ----------
    predictions
        The answers of all folds.
    folds
        The figures of each, with what was fitted.
    operating_point
        The one that is applied.

    Returns
    -------
    list of str
        Empty where all is well.
    """
    alarms = []
    collapsed = sum(
        is_collapsed(answers["label"], answers["raw_probability"])
        for _, answers in predictions.groupby(["repeat", "fold"])
    )
    if collapsed:
        alarms.append(
            f"In {collapsed} of {len(folds)} folds the network has collapsed: it gives nearly the "
            "same probability to every slice, whatever it shows."
        )
    missing = [
        find_missing_verdicts(
            fold["thresholds"][operating_point],
            ConformalLimits(**fold["conformal_limits"]),
            fold["temperature"],
        )
        for fold in folds
    ]
    counts = {name: sum(name in verdicts for verdicts in missing) for name in CLASS_NAMES}
    alarms += [
        f'In {count} of {len(folds)} folds no slice can be answered "{name}": too few groups were '
        "held out for the decisions. Use more slices or fewer folds."
        for name, count in counts.items()
        if count
    ]
    return [*alarms, *list_answer_alarms(predictions, told=bool(alarms))]
