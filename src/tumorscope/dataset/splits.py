"""Divide a manifest into parts: training and validation, and the test part of a fold."""

from collections.abc import Hashable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.left_out import find_touched
from tumorscope.errors import InputError
from tumorscope.recipe import DataSettings

TRAIN = "train"
VALIDATION = "validation"
TEST = "test"
EXCLUDED = "excluded"
"""No part: slices of patients, or copies of slices, that are tested on."""
OUT_OF_FOLD = "out of fold"
"""No part: slices that other models, those of a cross-validation, were tested on."""


def assign_split(
    manifest: pd.DataFrame, settings: DataSettings, seed: int, least_groups: int = 0
) -> pd.DataFrame:
    """Add the column ``split`` to a manifest, stratified by label and seeded.

    Of a small dataset the fraction may leave the validation part too few groups of a class for what
    is decided there. Then it gets more of that class, where training keeps as many.

    Parameters
    ----------
    manifest
        With the columns ``label`` and ``group``. Not modified.
    settings
        ``random`` divides slices, ``grouped`` whole groups; and the validation fraction.
    seed
        The same seed gives the same split.
    least_groups
        How many groups of each class the validation part should have.

    Returns
    -------
    pandas.DataFrame
        A copy with ``split``, ``train`` or ``validation``.

    Raises
    ------
    InputError
        There are too few slices or groups for both parts to hold both classes.
    """
    # Here, so that measuring does not need scikit-learn.
    from sklearn.model_selection import train_test_split

    grouped = settings.split == "grouped"
    units = manifest["group"] if grouped else pd.Series(manifest.index)
    labels = manifest.groupby(units.to_numpy())["label"].max()
    try:
        _, validation = train_test_split(
            labels.index.to_numpy(),
            test_size=settings.validation_fraction,
            stratify=labels.to_numpy(),
            random_state=seed,
        )
    except ValueError as error:
        raise _too_few(manifest, grouped) from error
    is_validation = units.isin(validation).to_numpy()
    for label in (0, 1):
        more = _find_more(manifest, is_validation, label, least_groups, seed, grouped)
        is_validation = is_validation | more
    split = manifest.assign(split=[VALIDATION if inside else TRAIN for inside in is_validation])
    if split.groupby("split")["label"].nunique().min() < 2:
        raise _too_few(manifest, grouped)
    return split


def _find_more(
    manifest: pd.DataFrame,
    is_validation: NDArray[np.bool_],
    label: int,
    least_groups: int,
    seed: int,
    grouped: bool,
) -> NDArray[np.bool_]:
    """Find the slices that give a validation part as many groups of a class as it should have."""
    groups = manifest["group"].to_numpy()
    is_of_class = manifest["label"].to_numpy() == label
    held = np.unique(groups[is_of_class & is_validation])
    others = np.setdiff1d(groups[is_of_class], held)
    missing = least_groups - len(held)
    if missing <= 0 or len(others) - missing < least_groups:
        return np.zeros(len(groups), np.bool_)
    added = np.random.default_rng([seed, label]).permutation(others)[:missing]
    is_added = np.isin(groups, added)
    if not grouped:  # one slice of each, as slices are divided
        rows = pd.Series(np.flatnonzero(is_added & is_of_class))
        is_added = np.isin(np.arange(len(groups)), rows.groupby(groups[rows]).first())
    return is_added


def divide_fold(
    manifest: pd.DataFrame,
    is_test: pd.Series,
    settings: DataSettings,
    seed: int,
    is_left_out: bool = False,
    least_groups: int = 0,
) -> pd.DataFrame:
    """Add the column ``split`` for one fold: its slices are the test part, the rest is divided.

    Parameters
    ----------
    manifest
        With the columns ``label``, ``group`` and ``sha256``. Not modified.
    is_test
        Shape (N,), bool, with the index of `manifest`: the slices of the fold.
    settings, seed, least_groups
        How the rest is divided, as in `assign_split`.
    is_left_out
        Whether the fold is what was left out: all groups that have a slice there are then, and the
        validation part alone decides, so that it gets the `least_groups` of `assign_split`.

    Returns
    -------
    pandas.DataFrame
        A copy with ``split``, ``train``, ``validation`` or ``test``; or ``excluded``, of a slice
        outside of what is left out that has one of its group there.

    Raises
    ------
    InputError
        The rest cannot be divided; or, where whole groups are divided, a group crosses parts.
    """
    is_out = find_touched(manifest["group"], is_test) if is_left_out else is_test
    rest = assign_split(manifest[~is_out], settings, seed, least_groups if is_left_out else 0)
    split = rest["split"].reindex(manifest.index).fillna(EXCLUDED).mask(is_test, TEST)
    parts = manifest.assign(split=split)
    if settings.split == "grouped":
        check_groups_apart(parts[parts["split"] != EXCLUDED])
    return parts


def check_groups_apart(parts: pd.DataFrame) -> None:
    """Refuse parts that share a group or a file's bytes: the last guard before a training.

    Parameters
    ----------
    parts
        With the columns ``path``, ``sha256``, ``group`` and ``split``.

    Raises
    ------
    InputError
        Slices of one group, or with the same bytes, stand in different parts; names two.
    """
    for column in ("group", "sha256"):
        crossing = parts.groupby(column)["split"].transform("nunique") > 1
        if crossing.any():
            first = parts[parts[column] == parts.loc[crossing, column].iloc[0]]
            one, other = first.drop_duplicates("split").iloc[:2].to_dict("records")
            raise InputError(
                f"{one['path']} ({one['split']}) and {other['path']} ({other['split']}) are "
                "copies or of one patient, yet in different parts; keep groups together"
            )


def count_units(manifest: pd.DataFrame, grouped: bool) -> dict[int, int]:
    """Count what is divided, for each label: groups that hold such a slice, or slices."""
    column = "group" if grouped else "label"
    counts = manifest.groupby("label")[column]
    of_label: dict[Hashable, int] = (counts.nunique() if grouped else counts.size()).to_dict()
    return {label: int(of_label.get(label, 0)) for label in (0, 1)}


def _too_few(manifest: pd.DataFrame, grouped: bool) -> InputError:
    counts = count_units(manifest, grouped)
    units = "groups of slices" if grouped else "slices"
    return InputError(
        f"too few {units} to divide: {counts[1]} with and {counts[0]} without a tumor; both parts "
        "need both classes. Add slices or change data.validation_fraction"
    )
