"""What a model is worth on each value of a column that it was trained without."""

from typing import Any

import numpy as np
import pandas as pd

from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.evaluation.acceptance import measure_guard
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.right_verdicts import RightVerdicts, measure_right_verdicts
from tumorscope.evaluation.summary import summarize_scores
from tumorscope.workflows.measuring.verdicts import find_verdicts


def measure_left_out(predictions: pd.DataFrame) -> dict[str, Any]:
    """Measure the answers for each value that was left out.

    Parameters
    ----------
    predictions
        Of a cross-validation, with ``left_out``.

    Returns
    -------
    dict
        ``values``, from each value to its `Summary`, its ``right_verdicts``, where what the guard
        refuses is not assessable, and its ``guard``; and ``worst``, the value with the smallest
        share of right verdicts of a class.
    """
    values: dict[str, Any] = {
        str(value): {
            **summarize_scores(
                answers["label"], answers["probability"], HALF, answers["group"], seed=0
            ),
            "right_verdicts": measure_right_verdicts(
                answers["label"], find_verdicts(answers), answers["group"]
            ),
            **measure_guard(answers),
        }
        for value, answers in predictions.groupby(LEFT_OUT, sort=True)
    }
    worst = min(values, key=lambda value: _find_least(values[value]["right_verdicts"]))
    return {"values": values, "worst": worst}


def _find_least(verdicts: RightVerdicts) -> float:
    shares = [shares["right"] for shares in (verdicts["no_tumor"], verdicts["tumor"]) if shares]
    return float(np.min(shares))
