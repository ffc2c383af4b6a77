"""Find the slices of one source in a table that names those of several."""

from collections import Counter, defaultdict
from pathlib import PurePosixPath

import pandas as pd

from tumorscope.errors import InputError


def take_sources(table: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Take the rows of the sources that given slices are from, named as the slices are.

    A table of several sources names its slices from the folder that holds them all, such as
    ``navoneel/yes/Y1.jpg``; alone, the same slice is called ``yes/Y1.jpg``. What stands in front
    is found by slices with the same ending and the same bytes.

    Parameters
    ----------
    table
        With the columns ``slice`` and ``sha256`` and, where it has several sources, ``source``.
        Not modified.
    slices
        The slices at hand, with ``slice`` and ``sha256``. Not modified.

    Returns
    -------
    pandas.DataFrame
        The whole table where it has no column ``source``, or none of the slices.

    Raises
    ------
    InputError
        Two of its sources hold the same slices under the same names.
    """
    if "source" not in table:
        return table
    prefix = _find_prefix(table, slices)
    if prefix is None:
        return table
    is_at_hand = table["slice"].isin(prefix + slices["slice"])
    own = table[table["source"].isin(table.loc[is_at_hand, "source"].unique())]
    return own.assign(slice=own["slice"].str.removeprefix(prefix))


def _find_prefix(table: pd.DataFrame, slices: pd.DataFrame) -> str | None:
    """Find what the table puts in front of most of the slices; None where it has none of them."""
    by_bytes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name, sha256 in zip(table["slice"], table["sha256"], strict=True):
        by_bytes[PurePosixPath(name).name, sha256].add(name)
    prefixes: Counter[str] = Counter()
    for name, sha256 in zip(slices["slice"], slices["sha256"], strict=True):
        for longer in by_bytes[PurePosixPath(name).name, sha256]:
            if f"/{longer}".endswith(f"/{name}"):
                prefixes[longer.removesuffix(name)] += 1
    ranked = prefixes.most_common(2)
    if len(ranked) == 2 and ranked[0][1] == ranked[1][1]:
        names = " and below ".join(sorted(repr(prefix or ".") for prefix, _ in ranked))
        raise InputError(
            f"the slices at hand stand in the table of folds both below {names}; cross-validate "
            "without the source that repeats another"
        )
    return ranked[0][0] if ranked else None
