"""The folds of a cross-validation: assigned, written as a table for any tool, and read back."""

import os
from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from tumorscope.dataset.left_out import LEFT_OUT, NEVER
from tumorscope.dataset.manifest import write_table
from tumorscope.dataset.source_names import take_sources
from tumorscope.dataset.splits import count_units
from tumorscope.errors import InputError

COLUMNS = ("slice", "sha256", "label_name", "group", "repeat", "fold")


def assign_folds(
    manifest: pd.DataFrame, folds: int, repeats: int, seed: int, grouped: bool
) -> pd.DataFrame:
    """Give every slice a fold in every repeat, stratified by label and seeded.

    Parameters
    ----------
    manifest
        With the columns ``label`` and ``group``, and an index without duplicates. Not modified.
    folds
        Number of folds, at least 2.
    repeats
        How often the slices are divided anew, at least 1.
    seed
        The same seed gives the same folds.
    grouped
        Whether whole groups are divided, else slices.

    Returns
    -------
    pandas.DataFrame
        One row per slice and repeat: ``repeat`` and ``fold``, int64, counted from 0; the index
        is the slice's in `manifest`.

    Raises
    ------
    InputError
        There are too few groups or slices of a class for every fold to hold both classes.
    """
    # Here, so that measuring does not need scikit-learn.
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if folds < 2 or repeats < 1:
        raise InputError(f"expected 2 or more folds and 1 or more repeats: {folds} and {repeats}")
    _check_enough(manifest, folds, grouped)
    splitter = StratifiedGroupKFold if grouped else StratifiedKFold
    groups = manifest["group"] if grouped else None
    tables = []
    for repeat in range(repeats):
        state = int(np.random.SeedSequence([seed, repeat]).generate_state(1)[0])
        divided = splitter(folds, shuffle=True, random_state=state).split(
            manifest, manifest["label"], groups
        )
        table = pd.DataFrame({"repeat": repeat, "fold": 0}, index=manifest.index)
        for fold, (_, rows) in enumerate(divided):
            table.iloc[rows, 1] = fold
        _check_both_classes(manifest, table["fold"], folds)
        tables.append(table)
    return pd.concat(tables)


def name_slices(manifest: pd.DataFrame, root: Path) -> pd.Series:
    """Name each slice by its path below a folder, with forward slashes.

    Raises
    ------
    InputError
        A slice is not below the folder or is listed twice.
    """
    paths = [Path(path) for path in manifest["path"]]
    outside = [path for path in paths if not path.is_relative_to(root)]
    if outside:
        raise InputError(f"{outside[0]}: not below {root}")
    names = pd.Series(
        [path.relative_to(root).as_posix() for path in paths], manifest.index, str, name="slice"
    )
    if names.duplicated().any():
        raise InputError(f"{names[names.duplicated()].iloc[0]}: listed twice; list each slice once")
    return names


def find_root(manifest: pd.DataFrame) -> Path:
    """Find the folder that slices are named from: the nearest one that holds them all.

    For a folder of two classes this is the folder itself, wherever it lies and however it was
    reached, so the names in a table of folds are the same on every machine.
    """
    return Path(os.path.commonpath([PurePath(path).parent for path in manifest["path"]]))


def write_folds(path: Path, folds: pd.DataFrame, manifest: pd.DataFrame, root: Path) -> None:
    """Write folds as a CSV table, one row per slice and repeat.

    Its columns are `COLUMNS` and, where the manifest or the folds have them, ``source`` and
    ``left_out``.

    Parameters
    ----------
    path
        The file, replaced if there is one.
    folds
        As from `assign_folds` for this `manifest`.
    manifest
        With the columns ``path``, ``sha256``, ``label_name`` and ``group``.
    root
        The folder that slices are named from.
    """
    named = manifest.assign(slice=name_slices(manifest, root)).drop(
        columns=LEFT_OUT, errors="ignore"
    )
    columns = [*COLUMNS, *(name for name in ("source", LEFT_OUT) if name in {*manifest, *folds})]
    write_table(path, named.join(folds).sort_values("repeat", kind="stable")[columns])


def read_folds(path: Path, manifest: pd.DataFrame, root: Path, grouped: bool) -> pd.DataFrame:
    """Read a table of folds and match it to the slices at hand.

    Parameters
    ----------
    path
        A table as `write_folds` writes it; ``label_name`` and ``group`` may be missing. Of a
        table of several sources, those that no slice at hand is from are left out.
    manifest
        With the columns ``path``, ``label``, ``sha256`` and ``group``.
    root
        The folder that slices are named from.
    grouped
        Whether a group (by `manifest`) may lie in one fold only.

    Returns
    -------
    pandas.DataFrame
        As `assign_folds` or `assign_left_out` gives it.

    Raises
    ------
    InputError
        The table cannot be read, does not name exactly these slices once per repeat, one of them
        has other bytes, a fold lacks a class, or a group crosses folds though `grouped`.
    """
    every = _read_columns(path)
    names = name_slices(manifest, root)
    table = take_sources(every, manifest.assign(slice=names))
    named = pd.Series(manifest.index, names)
    if unknown := sorted(set(table["slice"]) - set(named.index)):
        raise InputError(f"{path}: {unknown[0]} is not among the slices of {root}")
    if missing := sorted(set(named.index) - set(table["slice"])):
        raise InputError(f"{path}: {missing[0]} of {root} is missing; these are others' folds")
    table = table.set_index(named[table["slice"]].to_numpy())
    changed = table["sha256"] != manifest["sha256"].reindex(table.index)
    if changed.any():
        name = table.loc[changed, "slice"].iloc[0]
        raise InputError(f"{path}: {name} holds other bytes than when the folds were made")
    is_left_out = LEFT_OUT in table
    repeats = []
    for repeat, rows in table.groupby("repeat"):
        if len(rows) != len(manifest) or rows["slice"].duplicated().any():
            raise InputError(f"{path}: repeat {repeat} does not name every slice exactly once")
        if not is_left_out:
            _check_both_classes(manifest, rows["fold"], every["fold"].nunique())
        if grouped and not is_left_out:
            _check_groups(path, manifest, rows)
        columns = ["repeat", "fold", *([LEFT_OUT] if is_left_out else [])]
        repeats.append(rows.loc[manifest.index, columns])
    return pd.concat(repeats)


def _read_columns(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(
            path,
            dtype={
                "slice": str,
                "sha256": str,
                "repeat": np.int64,
                "fold": np.int64,
                LEFT_OUT: str,
            },
            keep_default_na=False,
            na_values={LEFT_OUT: [""]},
            encoding_errors="surrogateescape",
        )
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such table of folds") from error
    except (ValueError, OSError) as error:
        raise InputError(f"{path}: not a readable table of folds: {error}") from error
    for column in ("slice", "sha256", "repeat", "fold"):
        if column not in table:
            raise InputError(f"{path}: the column {column!r} is missing")
    for column in ("repeat", "fold"):
        numbers = set(table[column]) - ({NEVER} if LEFT_OUT in table else set())
        if numbers != set(range(len(numbers))):
            raise InputError(f"{path}: the column {column!r} must count from 0 without a gap")
    return table


def _check_enough(manifest: pd.DataFrame, folds: int, grouped: bool) -> None:
    counts = count_units(manifest, grouped)
    units = "group(s) of slices" if grouped else "slice(s)"
    if min(counts.values()) < folds:
        raise InputError(
            f"too few to make {folds} folds: {counts[1]} {units} with and {counts[0]} without a "
            "tumor, and every fold needs one of each; choose fewer folds or add slices"
        )


def _check_both_classes(manifest: pd.DataFrame, fold: pd.Series, folds: int) -> None:
    classes = manifest["label"].groupby(fold).nunique().reindex(range(folds), fill_value=0)
    if classes.min() < 2:
        raise InputError(
            f"fold {classes.idxmin()} would not hold slices of both classes; choose fewer folds"
        )


def _check_groups(path: Path, manifest: pd.DataFrame, rows: pd.DataFrame) -> None:
    groups = manifest["group"].reindex(rows.index)
    crossing = rows["fold"].groupby(groups).transform("nunique") > 1
    if crossing.any():
        group = groups[crossing].iloc[0]
        one, other = rows[groups == group].drop_duplicates("fold")["slice"].iloc[:2]
        raise InputError(
            f"{path}: {one} and {other} are copies or of one patient, yet in different folds; "
            "use folds that keep groups together, or set data.split=random"
        )
