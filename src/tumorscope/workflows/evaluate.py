"""Measure a model: on its run's validation part, or on labelled slices of another source."""

import json
from pathlib import Path

import pandas as pd

from tumorscope.artifact.reader import find_artifact
from tumorscope.atomic import replace_folder
from tumorscope.data.manifest import read_manifest, read_table, write_table
from tumorscope.data.readers import read_slice
from tumorscope.data.splits import VALIDATION
from tumorscope.errors import InputError
from tumorscope.evaluation.metrics import Metrics, compute_metrics
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.html import write_report
from tumorscope.workflows.measure import tabulate_answers

_MISTAKES_SHOWN = 12


def evaluate(
    model: str | Path,
    data: str | Path | None = None,
    out: str | Path | None = None,
    positive: str = "yes",
    on_progress: ProgressCallback = ignore_progress,
) -> Metrics:
    """Measure a model and write metrics, predictions and figures.

    Parameters
    ----------
    model
        A run folder; with `data`, an artifact folder will do.
    data
        Labelled slices, as for `train`. Without it, the validation part of the run.
    out
        Where the results go, replacing what is there; by default ``evaluation`` in the run
        folder. Required with `data`.
    positive
        The name of the class with a tumor in `data`.
    on_progress
        Called after each slice.

    Returns
    -------
    Metrics
        As written to ``metrics.json``.

    Raises
    ------
    ArtifactError, InputError
        The model or the data cannot be used.
    """
    predictor = Predictor.load(Path(model))
    if data is None:
        run = Path(model)
        manifest, rejected = read_validation_part(run), None
        folder, history = Path(out or run / "evaluation"), read_table(run / "history.csv")
    elif out is None:
        raise InputError("give --out FOLDER for an evaluation on other data")
    else:
        manifest, rejected = read_manifest(data, positive)
        folder, history = Path(out), None
    _check_replaceable(folder)
    predictions = tabulate_answers(predictor, manifest, "evaluating", on_progress)
    metrics = compute_metrics(
        predictions["label"], predictions["probability"], predictor.spec.threshold
    )
    part = VALIDATION if data is None else str(data)
    with replace_folder(folder) as temporary:
        document = {"part": part, **metrics, "notice": RESEARCH_USE_ONLY}
        (temporary / "metrics.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        write_table(temporary / "predictions.csv", predictions.drop(columns="cam_peak"))
        if rejected is not None:
            write_table(temporary / "rejected.csv", rejected)
        _write_figures(temporary, predictions, metrics, history)
    if data is None:
        refresh_report(Path(model))
    return metrics


def read_validation_part(run: Path) -> pd.DataFrame:
    """Read the validation rows of a run's manifest."""
    if not (run / "manifest.csv").is_file():
        artifact = find_artifact(run)
        raise InputError(
            f"{run}: not a run folder, so it has no validation part; give its run folder, or "
            f"labelled slices: tumorscope evaluate {artifact} FOLDER --out RESULTS"
        )
    manifest = read_table(run / "manifest.csv")
    return manifest[manifest["split"] == VALIDATION]


def refresh_report(run: Path) -> None:
    """Bring the report of a run, where it has one, up to what the run folder now holds."""
    if (run / "report.html").exists():
        write_report(run)


def _check_replaceable(folder: Path) -> None:
    """Replace an earlier evaluation only, never a folder of something else."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a file; choose a new folder with --out")
    if folder.exists() and any(folder.iterdir()) and not (folder / "metrics.json").exists():
        raise InputError(f"{folder}: holds other files; choose a new folder with --out")


def _write_figures(
    folder: Path, predictions: pd.DataFrame, metrics: Metrics, history: pd.DataFrame | None
) -> None:
    from tumorscope.evaluation import figures

    scores = predictions["label"], predictions["probability"], metrics["threshold"]
    drawn = {
        "confusion_matrix": figures.plot_confusion_matrix(metrics["counts"]),
        "roc": figures.plot_roc(*scores),
        "precision_recall": figures.plot_precision_recall(*scores),
        "mistakes": figures.plot_mistakes(
            predictions, lambda path: read_slice(Path(path)), _MISTAKES_SHOWN
        ),
    }
    if history is not None:
        drawn["history"] = figures.plot_history(history)
    for name, figure in drawn.items():
        figures.save_figure(figure, folder / name)
