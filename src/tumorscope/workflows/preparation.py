"""What a run starts from, written so that an interrupted one goes on with the same."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from tumorscope.atomic import is_partial, write_text
from tumorscope.dataset.lesion_masks import assign_masks, measure_lesions
from tumorscope.dataset.manifest import REJECTED_FILE, name_rejected, read_table, write_table
from tumorscope.dataset.recorded import check_unchanged, record_masks
from tumorscope.dataset.unpacking.unpack import SALT_FILE, SLICES_FOLDER, holds_unpacked
from tumorscope.errors import InputError, RecipeError
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import describe_environment
from tumorscope.recipe import Recipe, load_recipe
from tumorscope.replacing import check_apart

PathOrPaths = str | Path | Sequence[str | Path]

RECIPE_FILE = "recipe.yaml"
FOLDS_FILE = "folds.csv"
OUT_OF_FOLD_FILE = "out_of_fold.csv"
_ENVIRONMENT_FILE = "environment.json"
_PREPARATION = (
    "manifest.csv", REJECTED_FILE, _ENVIRONMENT_FILE, FOLDS_FILE, OUT_OF_FOLD_FILE, SALT_FILE
)  # fmt: skip


def check_folder(run: Path, resume: bool, inputs: Iterable[object]) -> None:
    """Refuse a folder that a run must not write to: a run is gone on with, and never replaced.

    Slices that were unpacked for a run that never began, as its data were refused, may be there:
    they are written anew.

    Parameters
    ----------
    run
        The folder.
    resume
        Whether it may hold a run.
    inputs
        What is read: files and folders, lists of these, or None.

    Raises
    ------
    InputError
        It is a file, holds a run that is not to be resumed, or holds something else; or it is not
        apart from what is read.
    """
    check_apart(run, _list_paths(inputs))
    if run.is_file():
        raise InputError(f"{run}: a file; choose a new folder with --out")
    names = {path.name for path in run.iterdir()} if run.exists() else set()
    if RECIPE_FILE not in names and holds_unpacked(run):
        names -= {SLICES_FOLDER, SALT_FILE}
    if names and not resume:
        raise InputError(f"{run}: not empty; continue that run with --resume or choose another")
    others = {name for name in names if not is_partial(name)} - set(_PREPARATION)
    if others and RECIPE_FILE not in names:
        raise InputError(f"{run}: holds {min(others)} and no run to resume; choose a new folder")


def _list_paths(inputs: Iterable[object]) -> Iterator[str | Path]:
    for one in inputs:
        if isinstance(one, (str, Path)):
            yield one
        elif isinstance(one, Sequence):
            yield from _list_paths(one)


def add_masks(
    manifest: pd.DataFrame,
    masks: PathOrPaths | None,
    recipe: Recipe,
    on_progress: ProgressCallback = ignore_progress,
) -> pd.DataFrame:
    """Add to a manifest the outlines of lesions that a network is to learn from, if there are any.

    Raises
    ------
    InputError, RecipeError
        They cannot be used, or the recipe does not use them.
    """
    if not recipe.training.mask_weight:
        if masks is None:
            return manifest.drop(columns="mask", errors="ignore")
        raise RecipeError(
            f"{masks}: the recipe learns no lesion map; leave the masks out, or set "
            "training.mask_weight=1"
        )
    if masks is not None:
        given = [masks] if isinstance(masks, (str, Path)) else masks
        manifest = assign_masks(manifest, [Path(source) for source in given])
    if "mask" not in manifest:
        return manifest
    return record_masks(measure_lesions(manifest, on_progress))


def check_same_masks(run: Path, masks: object | None) -> None:
    """Refuse to go on with masks where a run was started without, or the other way round.

    Raises
    ------
    InputError
        It was.
    """
    had_masks = read_arguments(run).get("masks") is not None
    if had_masks != (masks is not None):
        how = "with" if had_masks else "without"
        raise InputError(f"{run}: was started {how} --masks; go on {how}, or choose another folder")


def read_arguments(run: Path) -> dict[str, Any]:
    """Read the arguments that a run was started with."""
    document = json.loads((run / _ENVIRONMENT_FILE).read_text("utf-8"))
    arguments: dict[str, Any] = document["arguments"]
    return arguments


def write_preparation(
    run: Path,
    recipe: Recipe,
    manifest: pd.DataFrame,
    rejected: pd.DataFrame,
    arguments: Mapping[str, object],
) -> None:
    """Write what a run starts from; the recipe comes last and says that this is done."""
    write_table(run / "manifest.csv", manifest)
    write_table(run / REJECTED_FILE, rejected)
    name_rejected(run, rejected)
    environment = json.dumps(describe_environment(arguments), indent=2)
    write_text(run / _ENVIRONMENT_FILE, environment + "\n")
    write_text(run / RECIPE_FILE, recipe.to_yaml())


def reopen(run: Path, recipe: Recipe) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read manifest and rejected files of an interrupted run, if its recipe is the same.

    Raises
    ------
    RecipeError
        It was started with other settings.
    InputError
        A slice or a mask is gone, or has changed.
    """
    if load_recipe(run / RECIPE_FILE) != recipe:
        raise RecipeError(
            f"{run}: was started with other settings ({run / RECIPE_FILE}); resume with the "
            "same recipe and overrides, or choose another folder"
        )
    manifest = read_table(run / "manifest.csv")
    check_unchanged(manifest)
    return manifest, read_table(run / REJECTED_FILE)


@contextmanager
def log_to(path: Path) -> Iterator[None]:
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
