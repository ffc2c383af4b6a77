"""What a cross-validation leaves behind: its answers, figures and report."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.atomic import write_text
from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.dataset.manifest import read_table, write_table
from tumorscope.dataset.unpacking.origins import name_origins, read_by_origin
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.progress import ProgressCallback
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.recipe import Recipe
from tumorscope.report.crossval.report import write_crossval_report
from tumorscope.workflows.crossval.answers import read_fold
from tumorscope.workflows.crossval.fold import PREDICTIONS_FILE
from tumorscope.workflows.crossval.metrics import measure_crossval, stack_repeats
from tumorscope.workflows.measuring.known import list_known
from tumorscope.workflows.measuring.series import name_parts
from tumorscope.workflows.measuring.series_metrics import measure_series
from tumorscope.workflows.preparation import FOLDS_FILE

SERIES_FILE = "series.csv"
_MISTAKES_SHOWN = 12


def write_results(
    cv: Path,
    slices: pd.DataFrame,
    parts: Sequence[tuple[int, int]],
    recipe: Recipe,
    on_progress: ProgressCallback,
) -> dict[str, Any]:
    """Write the answers of all folds for slices and series, their worth, figures and the report.

    Parameters
    ----------
    cv
        The folder of the cross-validation, all folds trained.
    slices
        With the ``path`` and ``slice``, its name in the table of folds, of each, and what is known
        of it besides.
    parts
        Every (repeat, fold).
    recipe
        What was cross-validated.
    on_progress
        Called as figures and their intervals are computed.

    Returns
    -------
    dict
        The figures, as from `measure_crossval`; of series, too, where there are any.
    """
    folds = {repeat: [fold for other, fold in parts if other == repeat] for repeat, _ in parts}
    is_left_out = LEFT_OUT in slices
    results = [
        read_fold(cv, repeat, fold, folds[repeat], recipe.decision, is_left_out)
        for repeat, fold in parts
    ]
    # Where an older version trained some folds, no guard was asked there: no column is better then
    # than one that is empty in part.
    predictions = pd.concat([fold.answers for fold in results], join="inner", ignore_index=True)
    known = list_known(slices)
    for place, name in enumerate(known, 3):
        predictions.insert(place, name, predictions["path"].map(known[name]))
    figures = [fold.figures for fold in results]
    metrics = measure_crossval(predictions, figures, recipe, on_progress)
    of_folds = [fold.series for fold in results if len(fold.series)]
    if of_folds:
        series = name_parts(pd.concat(of_folds, ignore_index=True), known)
        write_table(cv / SERIES_FILE, series)
        metrics["series"] = measure_series(series)
    document = {**metrics, "notice": RESEARCH_USE_ONLY}
    origins = dict(zip(slices["path"], name_origins(slices), strict=True))
    predictions["path"] = predictions["path"].map(origins)
    write_table(cv / PREDICTIONS_FILE, predictions)
    write_text(cv / "metrics.json", json.dumps(document, indent=2) + "\n")
    _write_figures(cv / "figures", predictions, read_by_origin(slices))
    write_crossval_report(cv)
    return metrics


def read_answers(cv: Path) -> pd.DataFrame:
    """Read the answers out of fold, with the checksum of each slice, by repeat and slice.

    Raises
    ------
    InputError
        The folder holds no finished cross-validation.
    """
    for name in (PREDICTIONS_FILE, FOLDS_FILE):
        if not (cv / name).is_file():
            raise InputError(f"{cv}: not a finished cross-validation, it holds no {name}")
    checksums = read_table(cv / FOLDS_FILE)[["repeat", "slice", "sha256"]]
    answers = read_table(cv / PREDICTIONS_FILE).merge(checksums, on=["repeat", "slice"])
    return answers.sort_values(["repeat", "slice"], ignore_index=True)


def _write_figures(
    folder: Path, predictions: pd.DataFrame, read_image: Callable[[str], NDArray[np.uint8]]
) -> None:
    from tumorscope.evaluation import figures

    labels = stack_repeats(predictions, "label")
    raw, calibrated, folds = (
        stack_repeats(predictions, name) for name in ("raw_probability", "probability", "fold")
    )
    once = predictions[predictions["repeat"] == 0]
    right = (once["probability"] >= HALF) == (once["label"] == 1)
    drawn = {
        "roc": figures.plot_fold_roc(labels[0], calibrated, folds),
        "reliability": figures.plot_reliability(labels.ravel(), raw.ravel(), calibrated.ravel()),
        "mistakes": figures.plot_mistakes(once.assign(correct=right), read_image, _MISTAKES_SHOWN),
    }
    for name, figure in drawn.items():
        figures.save_figure(figure, folder / name)
