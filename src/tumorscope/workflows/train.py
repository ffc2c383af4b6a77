"""From labelled slices to a run folder: a trained, evaluated and explained model."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from tumorscope.artifact.checksum import compute_fingerprint
from tumorscope.artifact.spec import (
    KNOWN_CODES_FILE,
    OPENVINO_FILE,
    ArtifactSpec,
    ConformalSpec,
)
from tumorscope.artifact.writer import write_artifact
from tumorscope.atomic import remove_partial, replace_folder, write_text
from tumorscope.data.duplicates.known import read_codes
from tumorscope.data.manifest import read_manifest, write_table
from tumorscope.data.sources import Source
from tumorscope.data.splits import TRAIN, VALIDATION, assign_split
from tumorscope.errors import InputError
from tumorscope.evaluation.calibration import apply_temperature
from tumorscope.evaluation.decision import fit_decision
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.recipe import Recipe, load_recipe
from tumorscope.report.data_summary import summarize_data
from tumorscope.report.html import write_report
from tumorscope.report.model_card import render_model_card
from tumorscope.workflows.evaluate import evaluate
from tumorscope.workflows.explain import explain
from tumorscope.workflows.measure import assess_answers, count_copies, tabulate_answers
from tumorscope.workflows.preparation import (
    FOLDS_FILE,
    RECIPE_FILE,
    check_folder,
    log_to,
    reopen,
    write_preparation,
)
from tumorscope.workflows.training_extra import import_training

_log = logging.getLogger(__name__)


def train(
    data: Source | Sequence[Source],
    out: str | Path,
    recipe: str | Path = "default",
    backbone: str | None = None,
    overrides: Iterable[str] = (),
    positive: str = "yes",
    resume: bool = False,
    on_progress: ProgressCallback = ignore_progress,
) -> Path:
    """Train a classifier, measure it, explain it, and write a report.

    Parameters
    ----------
    data
        A folder of two classes, a CSV file, or ``kaggle:owner/name``; or several of these.
    out
        The run folder, new or empty.
    recipe
        ``notebook``, ``default`` or the path of a YAML file.
    backbone
        Short for the override ``model.backbone=...``.
    overrides
        Settings such as ``training.epochs=3``.
    positive
        The name of the class with a tumor.
    resume
        Continue an interrupted run in `out`, or start it if there is none.
    on_progress
        Called as work goes on.

    Returns
    -------
    pathlib.Path
        The run folder.

    Raises
    ------
    InputError, RecipeError
        The data or the recipe cannot be used, or `out` already holds a run.
    MissingExtraError
        Keras and TensorFlow are not installed.
    """
    run = Path(out)
    overrides = [*overrides, *([f"model.backbone={backbone}"] if backbone else [])]
    settings = load_recipe(recipe, overrides)
    arguments = {"data": data, "recipe": recipe, "overrides": overrides, "positive": positive}
    check_folder(run, resume)
    if (run / FOLDS_FILE).exists():
        raise InputError(f"{run}: a cross-validation; choose a new folder with --out")
    remove_partial(run)
    goes_on = (run / RECIPE_FILE).exists()
    if goes_on:
        manifest, rejected = reopen(run, settings)
    else:
        manifest, rejected = read_manifest(data, positive, on_progress)
        manifest = assign_split(manifest, settings.data, settings.seed)
    if not (run / "model").exists():
        with import_training():  # all of it, before hours are spent on training
            from tumorscope.model.export import export_classifier
            from tumorscope.training.trainer import prepare_classifier, train_classifier
        classifier = prepare_classifier(settings, run)
        if not goes_on:  # only now, when data, recipe and weights are known to be usable
            write_preparation(run, settings, manifest, rejected, arguments)
        with log_to(run / "log.txt"):
            _log.info("training %s with %s", settings.name, settings.model.backbone)
            history = train_classifier(
                classifier,
                settings,
                manifest,
                run,
                lambda done, total: on_progress("training", done, total),
            )
        write_table(run / "history.csv", history)
        with replace_folder(run / "model") as folder:
            on_progress("exporting", 0, 1)
            export_classifier(classifier, folder)
            on_progress("exporting", 1, 1)
            _complete_artifact(folder, settings, manifest, len(rejected), on_progress)
    metrics = evaluate(run, on_progress=on_progress)
    explain(run, on_progress=on_progress)
    write_report(run)
    with log_to(run / "log.txt"):
        _log.info("validation accuracy %.3f of %d slices", metrics["accuracy"], metrics["slices"])
    return run


def _complete_artifact(
    folder: Path,
    recipe: Recipe,
    manifest: pd.DataFrame,
    rejected_files: int,
    on_progress: ProgressCallback,
) -> None:
    """Add to exported files what is known about the model: specification, card, its slices."""
    spec = ArtifactSpec(
        recipe=recipe.name,
        backbone=recipe.model.backbone,
        weights=PurePath(recipe.model.weights).name,  # an artifact travels; a local path does not
        preprocessing=recipe.preprocessing,
        cam_scale=1.0,
        fingerprint=compute_fingerprint(manifest.loc[manifest["split"] == TRAIN, "sha256"]),
    )
    validation = manifest[manifest["split"] == VALIDATION]
    table = tabulate_answers(
        Predictor(spec, folder / OPENVINO_FILE), validation, "calibrating", on_progress
    )
    decision = fit_decision(
        table["label"],
        table["raw_probability"],
        table["group"],
        recipe.decision.target_sensitivity,
        recipe.decision.conformal_error,
    )
    spec = spec.model_copy(
        update={
            "temperature": decision.temperature,
            "operating_points": {
                point.name: point.threshold for point in decision.operating_points
            },
            "operating_point": recipe.decision.operating_point,
            "conformal": ConformalSpec(
                error=recipe.decision.conformal_error, **decision.limits._asdict()
            ),
            "cam_scale": choose_cam_scale(table["cam_peak"]),
        }
    )
    table["probability"] = apply_temperature(table["raw_probability"], spec.temperature)
    metrics = {
        "part": VALIDATION,
        **assess_answers(table, spec),
        "copies": count_copies(table, manifest),
    }
    card = render_model_card(
        spec.model_dump(),
        metrics,
        summarize_data(manifest, rejected_files),
        recipe.model_dump(),
    )
    write_text(folder / "MODEL_CARD.md", card)
    codes = read_codes(list(manifest["path"]), "recording the slices", on_progress)
    np.save(folder / KNOWN_CODES_FILE, codes, allow_pickle=False)
    write_artifact(folder, spec)


def choose_cam_scale(peaks: pd.Series) -> float:
    """Choose the evidence drawn in the strongest color: only one peak in twenty exceeds it.

    >>> choose_cam_scale(pd.Series([0.0, 0.0]))
    1.0
    """
    return float(peaks.quantile(0.95)) or 1.0
