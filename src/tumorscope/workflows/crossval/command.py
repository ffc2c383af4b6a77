"""Cross-validation: every slice is answered for by a model that never saw it or a copy of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from tumorscope.atomic import remove_partial
from tumorscope.dataset.class_names import Names
from tumorscope.dataset.folds import assign_folds, find_root, name_slices, read_folds, write_folds
from tumorscope.dataset.left_out import LEFT_OUT, NEVER, assign_left_out
from tumorscope.dataset.manifest import read_manifest
from tumorscope.dataset.series import find_levels
from tumorscope.dataset.sources import Source
from tumorscope.dataset.splits import divide_fold
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, show_in_notebook
from tumorscope.recipe import Recipe, load_recipe
from tumorscope.report.crossval.rows import describe_copies
from tumorscope.workflows.alarms import count_least_groups
from tumorscope.workflows.crossval.processes import FoldProcesses
from tumorscope.workflows.crossval.results import write_results
from tumorscope.workflows.ending import conclude
from tumorscope.workflows.preparation import (
    FOLDS_FILE,
    RECIPE_FILE,
    PathOrPaths,
    add_masks,
    check_folder,
    check_same_masks,
    read_arguments,
    reopen,
    write_preparation,
)
from tumorscope.workflows.training_extra import check_training


def crossval(
    data: Source | Sequence[Source],
    out: str | Path,
    recipe: str | Path = "default",
    folds: int = 5,
    repeats: int = 1,
    backbone: str | None = None,
    overrides: Iterable[str] = (),
    positive: Names = "yes",
    masks: PathOrPaths | None = None,
    folds_file: str | Path | None = None,
    jobs: int = 1,
    resume: bool = False,
    on_progress: ProgressCallback = show_in_notebook,
    *,
    negative: Names | None = None,
    separate_patients: bool = False,
    leave_out: str | None = None,
) -> Path:
    """Train and test a recipe on every fold in turn.

    Each fold is the test part once in every repeat; the rest is divided again into a training
    and a validation part, and where an epoch is chosen, validation alone does it. With
    ``data.split=grouped`` whole groups are divided, both times; with ``random`` slices.

    Parameters
    ----------
    data, recipe, backbone, overrides, positive, masks, negative, separate_patients
        As for `train`. The recipe's seed decides folds and, for every fold alike, the training.
    out
        The folder to write, new or empty.
    folds
        Number of folds.
    repeats
        How often the slices are divided anew.
    folds_file
        The ``folds.csv`` of another cross-validation of the same slices, to be compared with it;
        then `folds` and `repeats` are the file's. If that one has several sources, `data` may be
        some of them.
    jobs
        How many folds are trained at a time. With another number of threads for each, figures
        may differ in their last digits.
    resume
        Continue an interrupted cross-validation in `out`, or start it if there is none.
    on_progress
        Called as work goes on; by default a notebook shows it.
    leave_out
        A column of the data, such as ``source``, ``site`` or ``patient_id``: in place of `folds`
        and `repeats`, each of its values is left out once. No slice of it, nor of its patients or
        their copies wherever they are, has a part in the training or the decisions of the model
        that answers for it. Slices without a value are trained on always.

    Returns
    -------
    pathlib.Path
        The folder, with ``predictions.csv``, one row per slice and repeat answered by the model
        of its fold, ``metrics.json`` and ``report.html``.

    Raises
    ------
    InputError, RecipeError
        The data, the recipe or the folds cannot be used, or `out` already holds a run.
    MissingExtraError
        Keras and TensorFlow are not installed.
    TumorscopeError
        The training of a fold failed; finished folds are kept, and `resume` goes on.

    Warns
    -----
    Alarm
        The figures are worth nothing: in some fold a verdict can never come or the network has
        collapsed, copies stand in several folds, or there are too few slices.
    """
    cv = Path(out)
    if jobs < 1:
        raise InputError(f"expected 1 or more jobs, found {jobs}")
    overrides = [*overrides, *([f"model.backbone={backbone}"] if backbone else [])]
    settings = load_recipe(recipe, overrides)
    grouped = settings.data.split == "grouped"
    if leave_out is not None:
        _check_leaving_out(leave_out, grouped, folds_file)
    check_training(settings)
    check_folder(cv, resume, [data, masks, folds_file])
    remove_partial(cv)
    goes_on = (cv / RECIPE_FILE).exists()
    if goes_on:
        manifest, rejected = _reopen(cv, settings)
        check_same_masks(cv, masks)
        _check_same_column(cv, leave_out)
    else:
        manifest, rejected = read_manifest(
            data,
            positive,
            on_progress,
            negative=negative,
            separate_patients=separate_patients,
            home=cv,
        )
        manifest = add_masks(manifest, masks, settings, on_progress)
    root = find_root(manifest)
    if folds_file is not None:
        table = read_folds(Path(folds_file), manifest, root, grouped)
    elif goes_on:
        table = read_folds(cv / FOLDS_FILE, manifest, root, grouped)
    elif leave_out is not None:
        table = assign_left_out(manifest, leave_out)
    else:
        table = assign_folds(manifest, folds, repeats, settings.seed, grouped)
    if goes_on:
        kept = read_folds(cv / FOLDS_FILE, manifest, root, grouped)
        is_counted = folds_file is None and leave_out is None
        _check_same_folds(cv, kept, table, (folds, repeats) if is_counted else None)
    parts = _list_parts(table)
    for repeat, fold in parts:  # before hours are spent on the first of them
        is_test = _is_test(table, repeat, fold)
        divide_fold(
            manifest,
            is_test,
            settings.data,
            settings.seed,
            LEFT_OUT in table,
            count_least_groups(settings.decision.conformal_error),
        )
    if not goes_on:
        arguments = {
            "data": data, "recipe": recipe, "overrides": overrides, "positive": positive,
            "masks": masks, "negative": negative, "separate_patients": separate_patients,
            "folds": folds, "repeats": repeats, "folds_file": folds_file, "leave_out": leave_out,
            "jobs": jobs,
        }  # fmt: skip
        write_folds(cv / FOLDS_FILE, table, manifest, root)
        write_preparation(cv, settings, manifest, rejected, arguments)
    processes = FoldProcesses(
        cv, jobs, lambda done, total: on_progress("training folds, %", done, total)
    )
    processes.train(parts)
    slices = manifest.assign(level=find_levels(manifest), slice=name_slices(manifest, root))
    if LEFT_OUT in table:
        slices[LEFT_OUT] = table[LEFT_OUT]
    metrics = write_results(cv, slices, parts, settings, on_progress)
    conclude(metrics, describe_copies(metrics))
    return cv


def _check_leaving_out(column: str, grouped: bool, folds_file: str | Path | None) -> None:
    if folds_file is not None:
        raise InputError("give --folds-file or --leave-out, not both")
    if not grouped:
        raise InputError(f"leaving out {column} takes whole groups; set data.split=grouped")


def _check_same_column(cv: Path, leave_out: str | None) -> None:
    """Refuse to go on leaving out another column, or none."""
    if (column := read_arguments(cv).get("leave_out")) != leave_out:
        how = f"with --leave-out {column}" if column else "without --leave-out"
        raise InputError(f"{cv}: was started {how}; resume it so, or choose another folder")


def _reopen(cv: Path, settings: Recipe) -> tuple[pd.DataFrame, pd.DataFrame]:
    if not (cv / FOLDS_FILE).exists():
        raise InputError(f"{cv}: a run of train, not a cross-validation; choose a new folder")
    return reopen(cv, settings)


def _check_same_folds(
    cv: Path, kept: pd.DataFrame, wanted: pd.DataFrame, numbers: tuple[int, int] | None
) -> None:
    """Refuse to go on with other folds than those a cross-validation was started with."""
    counts = kept["fold"].nunique(), kept["repeat"].nunique()
    if numbers not in (None, counts) or not kept.equals(wanted):
        raise InputError(
            f"{cv}: was started with other folds ({counts[0]} folds, {counts[1]} repeats); resume "
            "with the same, or choose another folder"
        )


def _list_parts(folds: pd.DataFrame) -> list[tuple[int, int]]:
    """List every (repeat, fold) in order."""
    rows = folds.loc[folds["fold"] != NEVER, ["repeat", "fold"]].drop_duplicates()
    ordered = rows.sort_values(["repeat", "fold"]).to_numpy()
    return [(int(repeat), int(fold)) for repeat, fold in ordered]


def _is_test(folds: pd.DataFrame, repeat: int, fold: int) -> pd.Series:
    return folds.loc[folds["repeat"] == repeat, "fold"] == fold
