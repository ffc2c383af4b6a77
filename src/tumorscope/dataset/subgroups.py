"""Divide slices into subgroups: by image size, and by columns of the table they come from."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tumorscope.dataset.labelled_files import MEANT
from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError, suggest
from tumorscope.tables import find_column, find_path, read_rows

SIZE, PLANE = "size", "plane"
_SIZE_BOUNDS_PX = (256, 512)
_MOST_VALUES = 20
UNKNOWN = "unknown"


def read_subgroups(
    source: str | Path, manifest: pd.DataFrame, columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Tell the subgroup of each slice, by each column.

    Parameters
    ----------
    source
        What the manifest was read from.
    manifest
        The slices.
    columns
        Columns of `source`, a CSV file, to divide by. The image size always is one of the
        result, and so is ``plane`` where the source has it.

    Returns
    -------
    pandas.DataFrame
        With the manifest's index: ``size``, by the longer side in px, and the columns, as text;
        a slice without a value is in the subgroup ``unknown``.

    Raises
    ------
    InputError
        There is no such column, or it has too many values to be one of categories.
    """
    sides = manifest[["width", "height"]].max(axis=1)
    subgroups = pd.DataFrame({SIZE: sides.map(_name_size)}, index=manifest.index)
    table = _read_columns(source, manifest)
    wanted = [PLANE] if PLANE in table and PLANE not in columns else []
    for column in [*wanted, *columns]:
        if column == SIZE:
            continue
        if (found := find_column(table.columns, column)) is None:
            hint = suggest(column, [str(name) for name in table])
            raise InputError(f"{source}: no column {column!r} to divide by{hint}")
        if (count := table[found].nunique()) > _MOST_VALUES:
            raise InputError(
                f"{source}: {column!r} has {count} different values; give a column of at most "
                f"{_MOST_VALUES} categories"
            )
        subgroups[column] = table[found].replace("", UNKNOWN)
    return subgroups


def _read_columns(source: str | Path, manifest: pd.DataFrame) -> pd.DataFrame:
    """Read the other columns of a CSV source, row by row of the manifest."""
    path = Path(source)
    if not path.is_file():
        return pd.DataFrame(index=manifest.index)
    rows = read_rows(path, ("path", "label"), MEANT)
    rows.index = pd.Index([str(find_path(path, name).resolve()) for name in rows["path"]])
    first = rows[~rows.index.duplicated()].drop(columns=["path", "label"])
    found = first.reindex(manifest["path"]).set_axis(manifest.index)
    # A slice of a volume has no row of its own; the manifest has kept what that of its volume says.
    is_picture = manifest["path"] == name_origins(manifest)
    kept = manifest.loc[~is_picture].reindex(columns=found.columns).astype(object)
    return pd.concat([found[is_picture], kept.fillna("").astype(str)]).loc[manifest.index]


def _name_size(side_px: int) -> str:
    small, large = _SIZE_BOUNDS_PX
    if side_px < small:
        return f"under {small} px"
    return f"{small} to {large - 1} px" if side_px < large else f"{large} px and more"
