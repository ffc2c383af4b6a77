"""A model trained on all slices: what a cross-validation of the same recipe says in its place."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.dataset.left_out import LEFT_OUT
from tumorscope.dataset.manifest import read_table
from tumorscope.dataset.splits import OUT_OF_FOLD
from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError, RecipeError
from tumorscope.evaluation.acceptance import measure_guard
from tumorscope.evaluation.assessment import assess_decisions
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, call_classes, decide_verdicts
from tumorscope.recipe import Recipe, load_recipe
from tumorscope.workflows.alarms import list_run_alarms
from tumorscope.workflows.crossval.left_out import measure_left_out
from tumorscope.workflows.crossval.metrics import count_copies, stack_repeats
from tumorscope.workflows.crossval.results import read_answers
from tumorscope.workflows.preparation import RECIPE_FILE

_OF_FOLD = [
    "repeat", "fold", LEFT_OUT, "slice", "sha256", "raw_probability", "reason",
    "series", "place", "little_brain",
]  # fmt: skip


def check_keeps_last(recipe: Recipe) -> None:
    """Refuse a recipe that needs a validation part to end a training.

    Raises
    ------
    RecipeError
        It keeps the epoch with the lowest validation loss, or stops early by it.
    """
    if recipe.training.keep != "last":
        raise RecipeError(
            "trained on all slices there is no validation loss to choose an epoch by: expected "
            f"training.keep=last, found {recipe.training.keep}; cross-validate with it, too"
        )
    if recipe.training.early_stopping_patience is not None:
        raise RecipeError(
            "trained on all slices there is no validation loss to stop by: expected "
            "training.early_stopping_patience=null, found "
            f"{recipe.training.early_stopping_patience}; cross-validate with it, too"
        )


def read_out_of_fold(cv: Path, recipe: Recipe, manifest: pd.DataFrame) -> pd.DataFrame:
    """Read what the models of a cross-validation answered for slices they never saw.

    Parameters
    ----------
    cv
        A finished cross-validation of the same slices with the same recipe.
    recipe
        The recipe of the training.
    manifest
        Its slices.

    Returns
    -------
    pandas.DataFrame
        One row per slice and repeat: ``repeat``, ``fold``, ``slice``, ``sha256``,
        ``raw_probability`` and, as far as it has them, ``left_out``, ``reason``, ``series``,
        ``place`` and ``little_brain`` of the cross-validation; ``path`` by
        `name_origins`, ``label``, ``label_name`` and ``group`` of the manifest.

    Raises
    ------
    RecipeError
        A setting differs; it is named.
    InputError
        The cross-validation is not finished, or of other slices or labels.
    """
    answers = read_answers(cv)
    _check_recipe(cv, recipe)
    _check_slices(cv, manifest)
    _check_masks(cv, manifest)
    # Slices with the same bytes are told apart by their number, so that each is taken once.
    numbered = answers.assign(number=answers.groupby(["repeat", "sha256"]).cumcount())
    slices = manifest.assign(
        number=manifest.groupby("sha256").cumcount(), path=name_origins(manifest)
    )
    own = ["sha256", "number", "path", "label", "label_name", "group"]
    table = numbered.filter([*_OF_FOLD, "number"]).merge(slices[own], on=["sha256", "number"])
    return table.drop(columns="number")


def decide_out_of_fold(table: pd.DataFrame, spec: ArtifactSpec) -> pd.DataFrame:
    """Turn the answers of `read_out_of_fold` into a model's, by what was fitted on them."""
    probabilities = apply_temperature(table["raw_probability"].to_numpy(), spec.temperature)
    called = call_classes(probabilities, spec.threshold)
    return table.assign(
        probability=probabilities,
        predicted_class=called,
        correct=called == [CLASS_NAMES[label] for label in table["label"]],
        verdict=decide_verdicts(probabilities, spec.threshold, spec.conformal.limits),
    )


def measure_out_of_fold(table: pd.DataFrame, spec: ArtifactSpec) -> dict[str, Any]:
    """Measure the decisions of `decide_out_of_fold`, each figure averaged over the repeats.

    Returns
    -------
    dict
        An `Assessment`; ``folds`` and ``repeats``, whose product is the number of models;
        ``guard``, an `Acceptance`, if the guards of the folds were asked, though what they refuse
        counts in all other figures, too; ``copies``, how many slices have a copy outside of their
        fold; and ``alarms``, as from `list_run_alarms`.
    """
    return {
        "part": OUT_OF_FOLD,
        "alarms": list_run_alarms(table, spec),
        "folds": int(table["fold"].nunique()),
        "repeats": int(table["repeat"].nunique()),
        **assess_decisions(
            stack_repeats(table, "label")[0],
            stack_repeats(table, "raw_probability"),
            stack_repeats(table, "probability"),
            stack_repeats(table, "group")[0],
            spec.operating_points,
            spec.operating_point,
            spec.conformal.limits,
        ),
        **measure_guard(table),
        **({"left_out": measure_left_out(table)} if LEFT_OUT in table else {}),
        "copies": count_copies(table),
    }


def _check_recipe(cv: Path, recipe: Recipe) -> None:
    theirs = dict(_list_settings(load_recipe(cv / RECIPE_FILE)))
    for name, value in _list_settings(recipe):
        if theirs[name] != value:
            raise RecipeError(
                f"{cv}: was made with {name}={theirs[name]}, and this training has {value}; train "
                "with the recipe and the settings of the cross-validation"
            )


def _list_settings(recipe: Recipe) -> Iterator[tuple[str, object]]:
    for name, section in recipe.model_dump().items():
        if isinstance(section, dict):
            yield from ((f"{name}.{key}", value) for key, value in section.items())
        else:
            yield name, section


def _check_masks(cv: Path, manifest: pd.DataFrame) -> None:
    known = read_table(cv / "manifest.csv")
    had_masks = "mask" in known
    if had_masks != ("mask" in manifest):
        how = "with" if had_masks else "without"
        raise InputError(f"{cv}: was made {how} masks; train {how} them, too")
    if "lesion_share" not in known or "lesion_share" not in manifest:
        return
    theirs, ours = (Counter(_list_outlines(slices)) for slices in (known, manifest))
    if other := theirs - ours or ours - theirs:
        sha256, _ = next(iter(other))
        path = manifest.loc[manifest["sha256"] == sha256, "path"].iloc[0]
        raise InputError(
            f"{cv}: was made with another outline of {path}, or without one; train with the masks "
            "of the cross-validation"
        )


def _list_outlines(slices: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """Give each slice with its share of lesion, which another outline hardly has; -1: unknown."""
    shares = slices["lesion_share"].fillna(-1).round(9)
    return zip(slices["sha256"], shares, strict=True)


def _check_slices(cv: Path, manifest: pd.DataFrame) -> None:
    advice = "cross-validate the very slices that are trained on"
    # Of the manifest, as slices without a value of the column that was left out have no answer.
    known = read_table(cv / "manifest.csv")
    theirs, ours = Counter(known["sha256"]), Counter(manifest["sha256"])
    if new := ours - theirs:
        path = manifest.loc[manifest["sha256"].isin(new), "path"].iloc[0]
        raise InputError(f"{cv}: {path} is not among its slices; {advice}")
    if gone := theirs - ours:
        name = known.loc[known["sha256"].isin(gone), "path"].iloc[0]
        raise InputError(f"{cv}: its slice {name} is not among those to train on; {advice}")
    labels = manifest.drop_duplicates("sha256").set_index("sha256")["label"]
    relabelled = known["label"] != known["sha256"].map(labels)
    if relabelled.any():
        name = known.loc[relabelled, "path"].iloc[0]
        raise InputError(f"{cv}: its slice {name} has another label now; {advice}")
