"""Divide a manifest into a training and a validation part."""

import pandas as pd
from sklearn.model_selection import train_test_split

from tumorscope.errors import InputError
from tumorscope.recipe import DataSettings

TRAIN = "train"
VALIDATION = "validation"


def assign_split(manifest: pd.DataFrame, settings: DataSettings, seed: int) -> pd.DataFrame:
    """Add the column ``split`` to a manifest, stratified by label and seeded.

    Parameters
    ----------
    manifest
        With the columns ``label`` and ``group``. Not modified.
    settings
        ``random`` divides slices, ``grouped`` whole groups; and the validation fraction.
    seed
        The same seed gives the same split.

    Returns
    -------
    pandas.DataFrame
        A copy with ``split``, ``train`` or ``validation``.

    Raises
    ------
    InputError
        There are too few slices or groups for both parts to hold both classes.
    """
    units = manifest["group"] if settings.split == "grouped" else pd.Series(manifest.index)
    labels = manifest.groupby(units.to_numpy())["label"].max()
    try:
        _, validation = train_test_split(
            labels.index.to_numpy(),
            test_size=settings.validation_fraction,
            stratify=labels.to_numpy(),
            random_state=seed,
        )
    except ValueError as error:
        raise _too_few(manifest) from error
    is_validation = units.isin(validation).to_numpy()
    split = manifest.assign(split=[VALIDATION if inside else TRAIN for inside in is_validation])
    if split.groupby("split")["label"].nunique().min() < 2:
        raise _too_few(manifest)
    return split


def _too_few(manifest: pd.DataFrame) -> InputError:
    counts = manifest["label"].value_counts()
    return InputError(
        f"too few slices to divide: {counts.get(1, 0)} with and {counts.get(0, 0)} without a "
        "tumor; both parts need both classes. Add slices or change data.validation_fraction"
    )
