"""From labelled slices to a run folder: a trained, evaluated and explained model."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tumorscope.atomic import create_folder, remove_partial
from tumorscope.dataset.class_names import Names
from tumorscope.dataset.manifest import read_manifest, read_table, write_table
from tumorscope.dataset.sources import Source
from tumorscope.dataset.splits import (
    OUT_OF_FOLD,
    TRAIN,
    VALIDATION,
    assign_split,
    count_units,
)
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, show_in_notebook
from tumorscope.recipe import load_recipe
from tumorscope.replacing import check_replaceable
from tumorscope.report.metric_rows import describe_copies, describe_too_few
from tumorscope.report.run.report import write_report
from tumorscope.workflows.alarms import count_least_groups
from tumorscope.workflows.crossval.out_of_fold import check_keeps_last, read_out_of_fold
from tumorscope.workflows.ending import conclude
from tumorscope.workflows.evaluate.command import COMMAND as EVALUATE
from tumorscope.workflows.evaluate.command import FOLDER as EVALUATION
from tumorscope.workflows.evaluate.command import evaluate
from tumorscope.workflows.explain.command import COMMAND as EXPLAIN
from tumorscope.workflows.explain.command import FOLDER as EXPLANATIONS
from tumorscope.workflows.explain.command import explain
from tumorscope.workflows.preparation import (
    FOLDS_FILE,
    OUT_OF_FOLD_FILE,
    RECIPE_FILE,
    PathOrPaths,
    add_masks,
    check_folder,
    check_same_masks,
    log_to,
    reopen,
    write_preparation,
)
from tumorscope.workflows.train.completion import complete_artifact
from tumorscope.workflows.training_extra import check_training, import_training

_log = logging.getLogger(__name__)


def train(
    data: Source | Sequence[Source],
    out: str | Path,
    recipe: str | Path = "default",
    backbone: str | None = None,
    overrides: Iterable[str] = (),
    positive: Names = "yes",
    masks: PathOrPaths | None = None,
    crossval: str | Path | None = None,
    resume: bool = False,
    on_progress: ProgressCallback = show_in_notebook,
    *,
    negative: Names | None = None,
    separate_patients: bool = False,
) -> Path:
    """Train a classifier, measure it, explain it, and write a report.

    Parameters
    ----------
    data
        A folder of two classes, a CSV file, or ``kaggle:owner/name``; or several of these. They
        hold whatever `predict` reads; slices of volumes, series and archives are kept in the run
        folder as pictures.
    out
        The run folder, new or empty.
    recipe
        ``notebook``, ``default`` or the path of a YAML file.
    backbone
        Short for the override ``model.backbone=...``.
    overrides
        Settings such as ``training.epochs=3``.
    positive, negative
        The names of the classes with and without a tumor; see `read_class_names`.
    masks
        Outlines of lesions in some of the slices, as a JSON file of the VGG Image Annotator, or a
        folder of mask pictures; or several, each beside its source. With them, or with a column
        ``mask`` in a CSV file, the network learns to show where a lesion is.
    crossval
        A finished cross-validation of the same slices and masks with the same recipe. With it no
        validation part is held out: the model learns from every slice, and its decisions are
        fitted on the cross-validation's answers out of fold, which are also what its figures are
        of.
    resume
        Continue an interrupted run in `out`, or start it if there is none.
    on_progress
        Called as work goes on; by default a notebook shows it.
    separate_patients
        Whether the same ``patient_id`` in two sources is two people.

    Returns
    -------
    pathlib.Path
        The run folder.

    Raises
    ------
    InputError, RecipeError
        The data, the recipe or the cross-validation cannot be used, or `out` already holds a run.
    MissingExtraError
        Keras and TensorFlow are not installed.

    Warns
    -----
    Alarm
        The model or its figures are worth nothing: a verdict can never come, the network has
        collapsed, copies stand on both sides of the split, or it was measured on too little.
    """
    run = Path(out)
    overrides = [*overrides, *([f"model.backbone={backbone}"] if backbone else [])]
    settings = load_recipe(recipe, overrides)
    arguments = {
        "data": data, "recipe": recipe, "overrides": overrides, "positive": positive,
        "masks": masks, "negative": negative, "separate_patients": separate_patients,
        "crossval": crossval,
    }  # fmt: skip
    if crossval is not None:
        check_keeps_last(settings)
    check_folder(run, resume, [data, masks, crossval])
    for name, command in ((EVALUATION, EVALUATE), (EXPLANATIONS, EXPLAIN)):
        check_replaceable(run / name, command)  # before hours are spent on what they are of
    if (run / FOLDS_FILE).exists():
        raise InputError(f"{run}: a cross-validation; choose a new folder with --out")
    if not (run / "model").exists():
        check_training(settings)
    remove_partial(run)
    goes_on = (run / RECIPE_FILE).exists()
    out_of_fold = None
    if goes_on:
        manifest, rejected = reopen(run, settings)
        check_same_masks(run, masks)
        out_of_fold = _reopen_out_of_fold(run, crossval is not None)
    else:
        manifest, rejected = read_manifest(
            data,
            positive,
            on_progress,
            negative=negative,
            separate_patients=separate_patients,
            home=run,
        )
        manifest = add_masks(manifest, masks, settings, on_progress)
        if crossval is None:
            least_groups = count_least_groups(settings.decision.conformal_error)
            manifest = assign_split(manifest, settings.data, settings.seed, least_groups)
        else:
            out_of_fold = read_out_of_fold(Path(crossval), settings, manifest)
            manifest = manifest.assign(split=TRAIN)
    if not (run / "model").exists():
        with import_training():  # all of it, before hours are spent on training
            from tumorscope.model.export import export_classifier
            from tumorscope.training.trainer import prepare_classifier, train_classifier
        classifier = prepare_classifier(settings, manifest, run)
        if not goes_on:  # only now, when data, recipe and weights are known to be usable
            if out_of_fold is not None:
                write_table(run / OUT_OF_FOLD_FILE, out_of_fold)
            write_preparation(run, settings, manifest, rejected, arguments)
        with log_to(run / "log.txt"):
            if warning := describe_too_few(
                _count_held_out(manifest, out_of_fold), settings.decision.conformal_error
            ):
                _log.warning("%s", warning)
            _log.info("training %s with %s", settings.name, settings.model.backbone)
            history = train_classifier(
                classifier,
                settings,
                manifest,
                run,
                lambda done, total: on_progress("training", done, total),
            )
        write_table(run / "history.csv", history)
        with create_folder(run / "model") as folder:
            on_progress("exporting", 0, 1)
            export_classifier(classifier, folder)
            on_progress("exporting", 1, 1)
            complete_artifact(folder, settings, manifest, len(rejected), out_of_fold, on_progress)
    metrics: dict[str, Any] = evaluate(run, on_progress=on_progress)
    explain(run, on_progress=on_progress)
    write_report(run)
    with log_to(run / "log.txt"):
        _log.info("accuracy %(accuracy).3f of %(slices)d slices, %(part)s", metrics)
        for alarm in metrics["alarms"]:
            _log.warning("%s", alarm)
    conclude(metrics, describe_copies(metrics, "patient_id" in manifest))
    return run


def _count_held_out(manifest: pd.DataFrame, out_of_fold: pd.DataFrame | None) -> dict[str, Any]:
    """Count the groups of each class that decide, as `describe_too_few` takes them."""
    held_out = manifest[manifest["split"] == VALIDATION] if out_of_fold is None else out_of_fold
    counts = count_units(held_out, grouped=True)
    return {
        "part": VALIDATION if out_of_fold is None else OUT_OF_FOLD,
        "coverage": {"no_tumor": {"groups": counts[0]}, "tumor": {"groups": counts[1]}},
    }


def _reopen_out_of_fold(run: Path, wanted: bool) -> pd.DataFrame | None:
    """Read the answers out of fold that a run was started with, if it was."""
    path = run / OUT_OF_FOLD_FILE
    if path.exists() != wanted:
        how = "without" if wanted else "with"
        raise InputError(
            f"{run}: was started {how} --crossval; resume it {how}, or choose another folder"
        )
    return read_table(path) if wanted else None
