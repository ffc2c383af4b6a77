"""From labelled slices to a run folder: a trained, evaluated and explained model."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from types import ModuleType

import pandas as pd

from tumorscope.artifact.checksum import compute_fingerprint
from tumorscope.artifact.spec import OPENVINO_FILE, ArtifactSpec
from tumorscope.artifact.writer import write_artifact
from tumorscope.atomic import is_partial, remove_partial, replace_folder, write_text
from tumorscope.data.manifest import read_manifest, read_table, write_table
from tumorscope.data.splits import TRAIN, VALIDATION, assign_split
from tumorscope.errors import InputError, MissingExtraError, RecipeError
from tumorscope.evaluation.metrics import compute_metrics
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import describe_environment
from tumorscope.recipe import Recipe, load_recipe
from tumorscope.report.data_summary import summarize_data
from tumorscope.report.html import write_report
from tumorscope.report.model_card import render_model_card
from tumorscope.workflows.evaluate import evaluate
from tumorscope.workflows.explain import explain
from tumorscope.workflows.measure import tabulate_answers

_log = logging.getLogger(__name__)

RECIPE_FILE = "recipe.yaml"
_PREPARATION = ("manifest.csv", "rejected.csv", "environment.json")


def train(
    data: str | Path,
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
        A folder of two classes, a CSV file, or ``kaggle:owner/name``.
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
    _check_folder(run, resume)
    remove_partial(run)
    goes_on = (run / RECIPE_FILE).exists()
    if goes_on:
        manifest, rejected = _reopen(run, settings)
    else:
        manifest, rejected = read_manifest(
            data, positive, lambda done, total: on_progress("reading slices", done, total)
        )
        manifest = assign_split(manifest, settings.data, settings.seed)
    if not (run / "model").exists():
        training, export = _import_training()
        classifier = training.prepare_classifier(settings, run)
        if not goes_on:  # only now, when data, recipe and weights are known to be usable
            _write_preparation(run, settings, manifest, rejected, arguments)
        with _log_to(run / "log.txt"):
            _log.info("training %s with %s", settings.name, settings.model.backbone)
            history = training.train_classifier(
                classifier,
                settings,
                manifest,
                run,
                lambda done, total: on_progress("training", done, total),
            )
        write_table(run / "history.csv", history)
        with replace_folder(run / "model") as folder:
            on_progress("exporting", 0, 1)
            export.export_classifier(classifier, folder)
            on_progress("exporting", 1, 1)
            _complete_artifact(folder, settings, manifest, len(rejected), on_progress)
    metrics = evaluate(run, on_progress=on_progress)
    explain(run, on_progress=on_progress)
    write_report(run)
    with _log_to(run / "log.txt"):
        _log.info("validation accuracy %.3f of %d slices", metrics["accuracy"], metrics["slices"])
    return run


def _check_folder(run: Path, resume: bool) -> None:
    if run.is_file():
        raise InputError(f"{run}: a file; choose a new folder with --out")
    names = {path.name for path in run.iterdir()} if run.exists() else set()
    if names and not resume:
        raise InputError(f"{run}: not empty; continue that run with --resume or choose another")
    others = {name for name in names if not is_partial(name)} - set(_PREPARATION)
    if others and RECIPE_FILE not in names:
        raise InputError(f"{run}: holds {min(others)} and no run to resume; choose a new folder")


def _import_training() -> tuple[ModuleType, ModuleType]:
    """Import what needs the extra ``train``, all of it before hours are spent on training."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _silent_stderr():
            from tumorscope.model import export
            from tumorscope.training import trainer
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("keras", "tensorflow", "tf2onnx"):
            raise MissingExtraError("Training", "train") from error
        raise
    return trainer, export


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what TensorFlow's C++ part prints while it loads, before it obeys any log level."""
    sys.stderr.flush()
    original = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)


def _write_preparation(
    run: Path,
    recipe: Recipe,
    manifest: pd.DataFrame,
    rejected: pd.DataFrame,
    arguments: Mapping[str, object],
) -> None:
    """Write what a training starts from; the recipe comes last and says that this is done."""
    manifest_file, rejected_file, environment_file = (run / name for name in _PREPARATION)
    write_table(manifest_file, manifest)
    write_table(rejected_file, rejected)
    environment = json.dumps(describe_environment(arguments), indent=2)
    write_text(environment_file, environment + "\n")
    write_text(run / RECIPE_FILE, recipe.to_yaml())


def _reopen(run: Path, recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read manifest and rejected files of an interrupted run, if its recipe is the same."""
    if load_recipe(run / RECIPE_FILE) != recipe:
        raise RecipeError(
            f"{run}: was started with other settings ({run / RECIPE_FILE}); resume with the "
            "same recipe and overrides, or choose another folder"
        )
    manifest = read_table(run / "manifest.csv")
    missing = [path for path in manifest["path"] if not Path(path).is_file()]
    if missing:
        raise InputError(f"{missing[0]}: gone since the run was started; put it back")
    return manifest, read_table(run / "rejected.csv")


def _complete_artifact(
    folder: Path,
    recipe: Recipe,
    manifest: pd.DataFrame,
    rejected_files: int,
    on_progress: ProgressCallback,
) -> None:
    """Add to exported files what is known about the model: its card and its specification."""
    spec = ArtifactSpec(
        recipe=recipe.name,
        backbone=recipe.model.backbone,
        weights=PurePath(recipe.model.weights).name,  # an artifact travels; a local path does not
        preprocessing=recipe.preprocessing,
        cam_scale=1.0,
        fingerprint=compute_fingerprint(manifest.loc[manifest["split"] == TRAIN, "sha256"]),
    )
    table = tabulate_answers(
        Predictor(spec, folder / OPENVINO_FILE),
        manifest[manifest["split"] == VALIDATION],
        "scaling heatmaps",
        on_progress,
    )
    spec = spec.model_copy(update={"cam_scale": choose_cam_scale(table["cam_peak"])})
    metrics = compute_metrics(table["label"], table["probability"], spec.threshold)
    card = render_model_card(
        spec.model_dump(),
        {"part": VALIDATION, **metrics},
        summarize_data(manifest, rejected_files),
        recipe.model_dump(),
    )
    write_text(folder / "MODEL_CARD.md", card)
    write_artifact(folder, spec)


def choose_cam_scale(peaks: pd.Series) -> float:
    """Choose the evidence drawn in the strongest color: only one peak in twenty exceeds it.

    >>> choose_cam_scale(pd.Series([0.0, 0.0]))
    1.0
    """
    return float(peaks.quantile(0.95)) or 1.0


@contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """Copy what Tumorscope logs to a file."""
    logger = logging.getLogger("tumorscope")
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
