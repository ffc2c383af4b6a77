"""The figures of a cross-validation: every slice counted, answered by the model of its fold."""

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.evaluation.acceptance import measure_guard
from tumorscope.evaluation.decisions.operating_points import HALF, NAMES
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, TUMOR
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.reliability import compute_calibration_error
from tumorscope.evaluation.summary import MetricsWithIntervals, Summary, summarize_scores
from tumorscope.evaluation.uncertainty.coverage import measure_coverage, measure_verdicts
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.recipe import Recipe
from tumorscope.workflows.crossval.alarms import list_fold_alarms
from tumorscope.workflows.crossval.answers import BOTH, FOLD_FIGURES
from tumorscope.workflows.crossval.left_out import measure_left_out
from tumorscope.workflows.measuring.nuisances import measure_nuisances

Result = TypeVar("Result")
_CLASS_FIGURES = (
    "accuracy", "balanced_accuracy", "precision", "sensitivity", "specificity", "f1"
)  # fmt: skip


def measure_crossval(
    predictions: pd.DataFrame,
    folds: Sequence[dict[str, Any]],
    recipe: Recipe,
    on_progress: ProgressCallback = ignore_progress,
) -> dict[str, Any]:
    """Compute every figure of a cross-validation, ready for JSON.

    Parameters
    ----------
    predictions
        The answers of all folds, one row per slice and repeat; with a column ``source`` if there
        are several.
    folds
        The figures of each fold.
    recipe
        What was divided, and what was asked of the decisions.
    on_progress
        Called after each figure whose interval takes drawing groups anew, thousands of times.

    Returns
    -------
    dict
        ``alarms``, as from `list_fold_alarms`;
        the `Summary` of the calibrated probabilities at 0.5; ``calibration`` before and after;
        ``operating_points``, where each fold applies its own thresholds; ``coverage`` and
        ``verdicts`` of the conformal sets; ``guard``, an `Acceptance`, where the guards of the
        folds were asked, though what they refuse counts in all other figures, too; ``copies``, how
        many slices have a copy outside of their fold; where a column's values were left out,
        ``left_out``, as from `measure_left_out`; where something is known of position and source,
        ``nuisances``, as from `measure_nuisances` (the first repeat); of several sources
        ``sources``, a `Summary` of the slices of each; ``folds``, and ``across_folds`` their mean
        and standard deviation, which say how much figures differ between folds, not how far they
        may be from the truth.
    """
    labels = stack_repeats(predictions, "label")[0]
    groups = stack_repeats(predictions, "group")[0]
    probabilities = stack_repeats(predictions, "probability")
    sets = [predictions["conformal_set"].isin((name, BOTH)) for name in CLASS_NAMES]
    sources = predictions["source"].nunique() if "source" in predictions else 0
    step = _Steps(2 + len(NAMES) + (LEFT_OUT in predictions) + sources, on_progress)
    nuisances = step(measure_nuisances(predictions[predictions["repeat"] == 0]))
    return {
        "recipe": recipe.name,
        "backbone": recipe.model.backbone,
        "split": recipe.data.split,
        "alarms": list_fold_alarms(predictions, folds, recipe.decision.operating_point),
        "repeats": len(probabilities),
        **step(summarize_scores(labels, probabilities, HALF, groups)),
        "calibration": {
            "before": _measure_calibration(labels, stack_repeats(predictions, "raw_probability")),
            "after": _measure_calibration(labels, probabilities),
        },
        "operating_points": {
            name: step(_measure_classes(labels, stack_repeats(predictions, column), groups))
            for name in NAMES
            for column in [f"predicted_class_{name}"]
        },
        "conformal_error": recipe.decision.conformal_error,
        "coverage": measure_coverage(
            predictions["label"], np.transpose(sets), predictions["group"]
        ),
        "verdicts": measure_verdicts(
            predictions["label"], predictions["verdict"], predictions["group"]
        ),
        "copies": count_copies(predictions),
        **measure_guard(predictions),
        **({"left_out": step(measure_left_out(predictions))} if LEFT_OUT in predictions else {}),
        **({"nuisances": nuisances} if nuisances else {}),
        **({"sources": _measure_sources(predictions, step)} if sources else {}),
        "folds": list(folds),
        "across_folds": {name: _describe_spread(name, folds) for name in FOLD_FIGURES},
    }


def count_copies(predictions: pd.DataFrame) -> dict[str, int | float]:
    """Count the slices that have another of their group outside of their fold.

    Training, or the choice of an epoch, saw a copy of them or a slice of the same patient. Where
    values of a column are left out, it saw none: such slices were excluded.

    Parameters
    ----------
    predictions
        With the columns ``repeat``, ``fold`` and ``group``.
    """
    by_group = predictions.groupby(["repeat", "group"])["fold"]
    crossing = (by_group.transform("nunique") > 1) & (LEFT_OUT not in predictions)
    return {"slices": int(crossing.sum()), "of": len(predictions), "share": float(crossing.mean())}


class _Steps:
    """Reports each step of a known number when its result is there."""

    def __init__(self, total: int, on_progress: ProgressCallback) -> None:
        self._done, self._total, self._on_progress = 0, total, on_progress

    def __call__(self, result: Result) -> Result:
        self._done += 1
        self._on_progress("measuring", self._done, self._total)
        return result


def _measure_sources(predictions: pd.DataFrame, step: _Steps) -> dict[str, Summary]:
    """Summarize the calibrated probabilities of each source by itself."""
    return {
        str(name): step(
            summarize_scores(
                stack_repeats(answers, "label")[0],
                stack_repeats(answers, "probability"),
                HALF,
                stack_repeats(answers, "group")[0],
            )
        )
        for name, answers in predictions.groupby("source", sort=False)
    }


def stack_repeats(predictions: pd.DataFrame, column: str) -> NDArray[Any]:
    """Give a column as an array of shape (repeats, slices), the slices in one order."""
    return predictions.pivot(index="slice", columns="repeat", values=column).to_numpy().T


def _measure_calibration(
    labels: NDArray[np.int64], probabilities: NDArray[np.float64]
) -> dict[str, float]:
    metrics = compute_metrics(labels, probabilities, HALF)
    errors = [compute_calibration_error(labels, repeat) for repeat in probabilities]
    return {
        "expected_calibration_error": float(np.mean(errors)),
        "brier": metrics["brier"],
        "log_loss": metrics["log_loss"],
    }


def _measure_classes(
    labels: NDArray[np.int64], classes: NDArray[np.str_], groups: NDArray[np.int64]
) -> dict[str, Any]:
    """Measure classes that were called by a threshold which differs from fold to fold."""
    summary = summarize_scores(labels, classes == TUMOR, HALF, groups)
    return {**_choose_figures(summary), "per_group": _choose_figures(summary["per_group"])}


def _choose_figures(summary: MetricsWithIntervals) -> dict[str, Any]:
    figures = {name: summary[name] for name in _CLASS_FIGURES}  # type: ignore[literal-required]
    return {**figures, "intervals": {name: summary["intervals"][name] for name in figures}}


def _describe_spread(name: str, folds: Sequence[dict[str, Any]]) -> dict[str, float] | None:
    values = [fold[name] for fold in folds]
    if None in values:
        return None
    return {"mean": float(np.mean(values)), "standard_deviation": float(np.std(values, ddof=1))}
