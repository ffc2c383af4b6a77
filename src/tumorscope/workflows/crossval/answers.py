"""What the model of one fold answers for the fold's slices, with calibrated probabilities."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tumorscope.dataset.manifest import read_table
from tumorscope.dataset.splits import TEST, VALIDATION
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.conformal import predict_sets
from tumorscope.evaluation.decisions.decision import Decision, fit_decision
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, call_classes, decide_verdicts
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.recipe import DecisionSettings
from tumorscope.report.run.training_summary import summarize_training
from tumorscope.workflows.crossval.fold import PREDICTIONS_FILE, find_fold_folder
from tumorscope.workflows.crossval.series import answer_for_series, describe_rule
from tumorscope.workflows.measuring.neighbours import heed_series

BOTH, NEITHER = "both", "none"
FOLD_FIGURES = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "auroc")
_SETS = {
    (True, False): CLASS_NAMES[0],
    (False, True): CLASS_NAMES[1],
    (True, True): BOTH,
    (False, False): NEITHER,
}


class FoldResult(NamedTuple):
    """One fold: the answers for its slices and series, and how its model came to them."""

    answers: pd.DataFrame
    figures: dict[str, Any]
    series: pd.DataFrame


def read_fold(
    cv: Path,
    repeat: int,
    fold: int,
    folds: Iterable[int],
    settings: DecisionSettings,
    is_left_out: bool = False,
) -> FoldResult:
    """Read a trained fold, fit its decision on held-back slices and answer for the test part.

    The validation part of one fold alone is small, and a temperature fitted on it is noisy, which
    costs ranking once the answers of all folds are pooled. So those of the other folds' models
    help, without the slices that this fold tests. Where a value of a column is left out they do
    not: their models were trained on it.

    Series are fewer, and a rule needs several patients of each class. So it is fitted on all
    series that the models of other folds answered for without having been trained on them, those
    that they tested included, and on the validation part of this one; without any of the groups
    that this fold tests. So it is also where a value is left out: no series of it has a say, though
    the other models were trained on it. Those that they tested are then of values new to them, as
    this one is to its model.

    Parameters
    ----------
    cv
        The folder of the cross-validation.
    repeat, fold
        Which one, each counted from 0.
    folds
        All of the repeat, with or without this one.
    settings
        What is fitted.
    is_left_out
        Whether the folds are values of a column that were left out.

    Returns
    -------
    FoldResult
        Of each test slice ``raw_probability`` as the network gave it, for a slice of a series with
        the say of its neighbours (`heed_neighbours`), the calibrated
        ``probability``, the ``predicted_class_*`` at each operating point, the ``conformal_set``
        and the ``verdict``, which may be uncertain; and the ``reason`` for which the fold's guard
        would refuse it, unless the fold was trained before there were such. Of each series of the
        test part what `answer_for_series` gives.
    """
    folder = find_fold_folder(cv, repeat, fold)
    scores = _read_scores(cv, repeat, fold)
    test = scores[scores["part"] == TEST]
    validation = scores[scores["part"] == VALIDATION].assign(model=fold)
    others = [
        _read_scores(cv, repeat, other).assign(model=other) for other in folds if other != fold
    ]
    held_back = pd.concat([validation, *others])
    if not is_left_out:
        is_new = ~held_back["path"].isin(test["path"])
        validation = held_back[is_new & (held_back["part"] == VALIDATION)]
    decision = fit_decision(
        validation["label"],
        validation["probability"],
        validation["group"],
        settings.target_sensitivity,
        settings.conformal_error,
    )
    answers = _answer(test, decision, settings.operating_point)
    answers.insert(0, "repeat", repeat)
    answers.insert(1, "fold", fold)
    series, rule = answer_for_series(test, held_back, decision, settings)
    metrics = compute_metrics(answers["label"], answers["probability"], HALF)
    training = summarize_training(read_table(folder / "history.csv"))
    figures = {
        "repeat": repeat,
        "fold": fold,
        "slices": len(test),
        "tumor": metrics["tumor"],
        "groups": int(test["group"].nunique()),
        "validation_slices": int((scores["part"] == VALIDATION).sum()),
        **{name: metrics[name] for name in FOLD_FIGURES},  # type: ignore[literal-required]
        "temperature": decision.temperature,
        "thresholds": {point.name: point.threshold for point in decision.operating_points},
        "conformal_limits": decision.limits._asdict(),
        **({"series": describe_rule(rule)} if len(series) else {}),
        "epochs": training.frozen_epochs + training.fine_tuned_epochs,
        "best_epoch": training.best_epoch,
    }
    return FoldResult(answers, figures, series.assign(repeat=repeat, fold=fold))


def _read_scores(cv: Path, repeat: int, fold: int) -> pd.DataFrame:
    scores = read_table(find_fold_folder(cv, repeat, fold) / PREDICTIONS_FILE)
    return scores.assign(probability=heed_series(scores, scores["probability"]))


def _answer(test: pd.DataFrame, decision: Decision, operating_point: str) -> pd.DataFrame:
    raw = test["probability"].to_numpy()
    probabilities = apply_temperature(raw, decision.temperature)
    sets = predict_sets(probabilities, decision.limits)
    threshold = decision.get_threshold(operating_point)
    answers = test[["path", "label", "label_name", "group"]].assign(
        probability=probabilities,
        raw_probability=raw,
        **{
            f"predicted_class_{point.name}": call_classes(probabilities, point.threshold)
            for point in decision.operating_points
        },
        conformal_set=[_SETS[bool(no_tumor), bool(tumor)] for no_tumor, tumor in sets],
        verdict=decide_verdicts(probabilities, threshold, decision.limits),
    )
    return answers.join(test.filter(["reason", "place", "little_brain"]))
