"""One fold of a cross-validation: train without its slices, then answer for them.

Run as a module it does so in a process of its own, which `processes` starts: each training
has a fresh TensorFlow, and its memory is given back.
"""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tumorscope.atomic import borrow_folder, remove_partial
from tumorscope.dataset.folds import find_root, read_folds
from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.dataset.manifest import read_table, write_table
from tumorscope.dataset.recorded import check_unchanged
from tumorscope.dataset.series import find_places
from tumorscope.dataset.splits import TEST, TRAIN, VALIDATION, divide_fold
from tumorscope.errors import InputError, TumorscopeError
from tumorscope.inference.engine import Engine, choose_precision
from tumorscope.inference.guard import Guard
from tumorscope.recipe import Recipe, load_recipe
from tumorscope.workflows.alarms import count_least_groups
from tumorscope.workflows.guard_fitting import (
    FITTING,
    find_little_brain,
    find_reasons,
    fit_guard,
)
from tumorscope.workflows.preparation import FOLDS_FILE, RECIPE_FILE
from tumorscope.workflows.training_extra import import_training

PREDICTIONS_FILE = "predictions.csv"
PROGRESS = "progress"
BAD_INPUT = 2
"""How the process ends where the fault is in what it was given."""
_STEPS = 1000
_TRAINING = 0.9  # of the work; the rest is the guard's, more or less
_OF_MANIFEST = ["path", "label", "label_name", "group", "series"]
_COLUMNS = [
    "part", "path", "label", "label_name", "group", "probability", "reason",
    "series", "place", "little_brain",
]  # fmt: skip


def find_fold_folder(cv: Path, repeat: int, fold: int) -> Path:
    """Give the folder of one fold of a cross-validation."""
    return cv / "folds" / f"repeat-{repeat}-fold-{fold}"


def read_parts(cv: Path, repeat: int, fold: int) -> tuple[Recipe, pd.DataFrame]:
    """Read the recipe of a cross-validation and the manifest with the parts of one fold.

    Raises
    ------
    InputError
        The files do not fit together, slices or masks have changed, or a group crosses parts of a
        grouped division.
    """
    recipe = load_recipe(cv / RECIPE_FILE)
    manifest = read_table(cv / "manifest.csv")
    grouped = recipe.data.split == "grouped"
    folds = read_folds(cv / FOLDS_FILE, manifest, find_root(manifest), grouped)
    is_test = folds.loc[folds["repeat"] == repeat, "fold"].reindex(manifest.index) == fold
    is_left_out = LEFT_OUT in folds
    least_groups = count_least_groups(recipe.decision.conformal_error)
    parts = divide_fold(manifest, is_test, recipe.data, recipe.seed, is_left_out, least_groups)
    check_unchanged(manifest)
    return recipe, parts


def train_fold(cv: Path, repeat: int, fold: int, on_progress: Callable[[int, int], None]) -> None:
    """Train one fold and write ``history.csv`` and, when all is done, ``predictions.csv``.

    Where an epoch is chosen, the validation part alone does it; the network meets the test part
    only to answer for it. So does the fold's guard, which is fitted on the training part alone:
    the ``reason`` of a slice says why it would not be assessable. Where there are series, each
    slice of one has its ``place`` there, and ``little_brain`` if it would not vote for that. The
    same recipe and folds give the same answers: each fold starts from the recipe's seed. An
    interrupted training goes on from its checkpoints.

    Parameters
    ----------
    cv
        The folder of the cross-validation, with recipe, manifest and folds.
    repeat, fold
        Which one, each counted from 0.
    on_progress
        Called with the steps done and all steps, those of the guard included.

    Raises
    ------
    InputError, MissingExtraError, TumorscopeError
        As `train` raises them.
    """
    recipe, parts = read_parts(cv, repeat, fold)
    with import_training():
        from tumorscope.model.export import export_graph
        from tumorscope.training.scoring import score_slices
        from tumorscope.training.trainer import prepare_classifier, train_classifier
    folder = find_fold_folder(cv, repeat, fold)
    remove_partial(folder)
    classifier = prepare_classifier(recipe, parts, folder)
    learning = parts[parts["split"].isin((TRAIN, VALIDATION))]
    history = train_classifier(
        classifier, recipe, learning, folder, _report_part(0, _TRAINING, on_progress)
    )
    write_table(folder / "history.csv", history)
    check_unchanged(parts)  # hours later
    places = find_places(parts)
    asked = parts[parts["split"].isin((VALIDATION, TEST))]
    # A table may have columns of its own that are called as those of answers.
    answers = asked.filter(_OF_MANIFEST).assign(
        part=asked["split"], probability=score_slices(classifier, asked, recipe)
    )
    with borrow_folder(folder / "graph") as temporary:  # the guard needs it, and only now
        graph = export_graph(classifier, temporary)
        report = _report_part(_TRAINING, 1, on_progress)
        answers["reason"] = _ask_guard(graph, parts, answers["path"].tolist(), recipe, report)
    if places.notna().any():
        answers["place"] = places
        answers["little_brain"] = find_little_brain(answers)
    else:
        answers = answers.drop(columns="series", errors="ignore")
    answers = answers.sort_values("part", key=lambda part: part == TEST, kind="stable")
    write_table(folder / PREDICTIONS_FILE, answers.filter(_COLUMNS))


def _ask_guard(
    graph: Path,
    parts: pd.DataFrame,
    paths: list[str],
    recipe: Recipe,
    on_progress: Callable[[int, int], None],
) -> list[str | None]:
    engine = Engine(graph, choose_precision())
    training = parts[parts["split"] == TRAIN]

    def report(stage: str, done: int, total: int) -> None:
        on_progress(done + total * (stage == FITTING), 2 * total)

    subspace = fit_guard(engine, training, recipe.preprocessing, report)
    return find_reasons(engine, Guard(subspace), paths, recipe.preprocessing)


def _report_part(
    start: float, end: float, on_progress: Callable[[int, int], None]
) -> Callable[[int, int], None]:
    """Report a part of the work as that share of the whole."""

    def report(done: int, total: int) -> None:
        on_progress(round(_STEPS * (start + (end - start) * done / total)), _STEPS)

    return report


def main() -> None:
    """Train the fold that the command line names; progress goes to stdout, the log to stderr."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("tumorscope").setLevel(logging.INFO)

    def report(done: int, total: int) -> None:
        # Fails once nobody reads it any more: a fold does not outlive the command it belongs to.
        sys.stdout.write(f"{PROGRESS} {done} {total}\n")
        sys.stdout.flush()

    cv, repeat, fold = sys.argv[1:]
    try:
        train_fold(Path(cv), int(repeat), int(fold), report)
    except TumorscopeError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")  # the last line of the log
        raise SystemExit(BAD_INPUT if isinstance(error, InputError) else 1) from None


if __name__ == "__main__":
    main()
