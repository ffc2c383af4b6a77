"""Measure a model: on what its run held out, or on labelled slices it has never met."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tumorscope.artifact.reader import find_artifact
from tumorscope.dataset.class_names import Names
from tumorscope.dataset.manifest import read_table
from tumorscope.dataset.series import find_levels
from tumorscope.dataset.splits import VALIDATION
from tumorscope.dataset.unpacking.origins import name_origins, read_by_origin
from tumorscope.errors import InputError
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, show_in_notebook
from tumorscope.replacing import check_replaceable
from tumorscope.report.run.report import write_report
from tumorscope.workflows.crossval.out_of_fold import decide_out_of_fold, measure_out_of_fold
from tumorscope.workflows.evaluate.breakdown import break_down
from tumorscope.workflows.evaluate.external import evaluate_external
from tumorscope.workflows.evaluate.folder import write_evaluation
from tumorscope.workflows.evaluate.measure import (
    mark_little_brain,
    measure_validation,
    tabulate_answers,
)
from tumorscope.workflows.measuring.known import add_known, list_known
from tumorscope.workflows.preparation import OUT_OF_FOLD_FILE

COMMAND, FOLDER = "evaluate", "evaluation"


def evaluate(
    model: str | Path,
    data: str | Path | None = None,
    out: str | Path | None = None,
    positive: Names = "yes",
    by: Sequence[str] = (),
    predictions: str | Path | None = None,
    on_progress: ProgressCallback = show_in_notebook,
    *,
    negative: Names | None = None,
) -> dict[str, Any]:
    """Measure a model and write metrics, predictions and figures.

    Parameters
    ----------
    model
        A run folder; with `data`, an artifact folder will do.
    data
        Labelled slices, as for `train`, that the model has not met; copies of slices that it
        has are found and left out. Without it, the validation part of the run; of a model trained
        on all slices, the answers out of fold of its cross-validation.
    out
        Where the results go, replacing what is there; by default ``evaluation`` in the run
        folder. Required with `data`.
    positive, negative
        The names of the classes with and without a tumor in `data`.
    by
        Columns of `data`, a CSV file, whose values divide the slices into subgroups.
    predictions
        A CSV file with ``path`` and ``probability``: another model's answers, measured on the
        same slices of `data` in place of this model's.
    on_progress
        Called as work goes on.

    Returns
    -------
    dict
        As written to ``metrics.json``. Without other data, see `measure_validation`,
        `measure_out_of_fold` and `break_down`; with them, `evaluate_external`.

    Raises
    ------
    ArtifactError, InputError
        The model or the data cannot be used.
    """
    if data is None:
        if by or predictions:
            raise InputError("--by and --predictions are for other data; name it after the model")
        return _evaluate_run(Path(model), out, on_progress)
    if out is None:
        raise InputError("give --out FOLDER for an evaluation on other data")
    return evaluate_external(
        model, data, out, positive, by, predictions, on_progress, negative=negative
    )


def _evaluate_run(
    run: Path, out: str | Path | None, on_progress: ProgressCallback
) -> dict[str, Any]:
    predictor = Predictor.load(run)
    manifest = read_run_manifest(run)
    folder = Path(out or run / FOLDER)
    check_replaceable(folder, COMMAND, [find_artifact(run)])
    if (run / OUT_OF_FOLD_FILE).exists():
        table = decide_out_of_fold(read_table(run / OUT_OF_FOLD_FILE), predictor.spec)
        metrics = measure_out_of_fold(table, predictor.spec)
        drawn = table[table["repeat"] == 0]
    else:
        table = tabulate_answers(predictor, manifest, "evaluating", on_progress, VALIDATION)
        drawn = table = mark_little_brain(table, manifest)
        metrics = measure_validation(table, manifest, predictor.spec)
    named = manifest.assign(level=find_levels(manifest), path=name_origins(manifest))
    known = list_known(named)
    further = break_down(table, known, predictor.spec)
    metrics |= further.metrics
    history = read_table(run / "history.csv")
    write_evaluation(
        folder,
        COMMAND,
        metrics,
        add_known(table, known),
        drawn,
        predictor.spec.threshold,
        read_by_origin(manifest),
        series=further.series,
        history=history,
    )
    refresh_report(run)
    return metrics


def read_run_manifest(run: Path) -> pd.DataFrame:
    """Read the manifest of a run.

    Raises
    ------
    InputError
        There is none, or it is damaged.
    """
    if not (run / "manifest.csv").is_file():
        artifact = find_artifact(run)
        raise InputError(
            f"{run}: not a run folder, so it has no validation part; give its run folder, or "
            f"labelled slices: tumorscope evaluate {artifact} FOLDER --out RESULTS"
        )
    path = run / "manifest.csv"
    try:
        manifest = read_table(path)
    except ValueError as error:
        raise InputError(f"{path}: damaged ({error}); train again") from error
    needed = {"path", "label", "group", "sha256", "split"}
    if manifest.empty or not needed <= set(manifest.columns):
        raise InputError(
            f"{path}: damaged: lists no slice with its label, SHA-256 and split; train again"
        )
    return manifest


def refresh_report(run: Path) -> None:
    """Bring the report of a run, where it has one, up to what the run folder now holds."""
    if (run / "report.html").exists():
        write_report(run)
