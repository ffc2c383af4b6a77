"""What is known of a slice besides its picture, as a few values, and what that tells of labels."""

from collections.abc import Mapping

import pandas as pd
from numpy.typing import ArrayLike

from tumorscope.evaluation.measures.guessing import measure_guess

LEVEL = "level"
COLUMNS = (LEVEL, "plane", "sequence", "source")
FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
TOGETHER = "together"
_UNKNOWN = "unknown"


def name_cells(slices: pd.DataFrame) -> dict[str, pd.Series]:
    """Name the cell that each slice lies in, by each column.

    Parameters
    ----------
    slices
        With some of `COLUMNS`; ``level`` is from 0 to 1, as from `find_levels`. Not modified.

    Returns
    -------
    dict
        For each column that is known of any slice, text with the index of `slices`: the fifth of
        its series or the value, ``unknown`` where there is none.
    """
    return {
        name: _name_fifths(slices[name]) if name == LEVEL else _name_values(slices[name])
        for name in COLUMNS
        if name in slices and slices[name].notna().any()
    }


def guess_by_cells(
    cells: Mapping[str, pd.Series], labels: ArrayLike, groups: ArrayLike
) -> dict[str, float | None]:
    """Measure how well labels can be guessed from each column, and from all of them together.

    Every slice counts once.

    Parameters
    ----------
    cells
        From `name_cells`.
    labels, groups
        As for `measure_guess`.

    Returns
    -------
    dict
        The AUROC by column and, of several, by ``together``.
    """
    asked = dict(cells)
    if len(cells) > 1:
        asked[TOGETHER] = pd.concat(cells, axis=1).agg("/".join, axis=1)
    return {name: measure_guess(values, labels, groups) for name, values in asked.items()}


def _name_values(values: pd.Series) -> pd.Series:
    return values.fillna(_UNKNOWN).astype(str)


def _name_fifths(levels: pd.Series) -> pd.Series:
    fifths = (levels * len(FIFTHS)).clip(upper=len(FIFTHS) - 1) // 1
    return fifths.map(dict(enumerate(FIFTHS))).fillna(_UNKNOWN)
