"""Leave out each value of a column once: a hospital, a source, a patient."""

import pandas as pd

from tumorscope.errors import InputError, suggest

LEFT_OUT = "left_out"
NEVER = -1
"""The fold of a slice without a value, which is trained on whatever is left out."""


def assign_left_out(manifest: pd.DataFrame, column: str) -> pd.DataFrame:
    """Make a fold of the slices of each value of a column.

    Parameters
    ----------
    manifest
        With the columns ``label`` and ``group`` and an index without duplicates. Not modified.
    column
        The column whose values are left out in turn.

    Returns
    -------
    pandas.DataFrame
        With the manifest's index: ``repeat``, 0; ``fold``, the number of the value in sorted order,
        `NEVER` where there is none; and ``left_out``, the value as text.

    Raises
    ------
    InputError
        There is no such column, or fewer than two values, or nothing of a class would be left to
        train on without one of them.
    """
    if column not in manifest:
        hint = suggest(column, [str(name) for name in manifest])
        raise InputError(f"no column {column!r} to leave out values of{hint}")
    is_known = manifest[column].notna()
    values = manifest[column].astype(str).where(is_known)
    names = sorted(values.dropna().unique())
    if len(names) < 2:
        raise InputError(f"{column!r} has {len(names)} value(s); leaving one out takes two or more")
    for name in names:
        rest = manifest[~find_touched(manifest["group"], values == name)]
        for label, what in ((1, "with"), (0, "without")):
            if not (rest["label"] == label).any():
                raise InputError(
                    f"without {column} {name!r} no slice {what} a tumor is left to train on; its "
                    "patients and their copies are left out wherever they are"
                )
    numbers = values.map({name: number for number, name in enumerate(names)}).fillna(NEVER)
    return pd.DataFrame({"repeat": 0, "fold": numbers.astype("int64"), LEFT_OUT: values})


def find_touched(groups: pd.Series, is_test: pd.Series) -> pd.Series:
    """Find the slices of a group that has one in the test part: a copy, or the same patient's."""
    return groups.isin(groups[is_test].unique())
