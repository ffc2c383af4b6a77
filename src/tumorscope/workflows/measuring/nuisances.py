"""What position and source have to do with the answers, beside what is in the picture."""

from typing import Any

import numpy as np
import pandas as pd

from tumorscope.evaluation.measures.cells import FIFTHS, guess_by_cells, name_cells
from tumorscope.evaluation.right_verdicts import measure_right_verdicts
from tumorscope.workflows.measuring.verdicts import find_verdicts

# Bounds of the lesion's share of the picture.
_SHARES = {"under 0.3 %": 0.003, "0.3 to 1 %": 0.01, "1 to 3 %": 0.03, "3 % and more": np.inf}


def measure_nuisances(predictions: pd.DataFrame) -> dict[str, Any]:
    """Measure answers by level, plane, sequence, source and lesion size.

    Parameters
    ----------
    predictions
        One answer for each slice, with ``label``, ``group``, ``verdict`` and what is known of it,
        as from `add_known`; what is not known of any slice is left out.

    Returns
    -------
    dict
        ``guess``, how well the label can be guessed from each of these alone and from all of them
        together (`guess_by_cells`); ``by``, from each of them and
        ``lesion_share`` to its values and their `RightVerdicts`. Empty where nothing is known.
    """
    cells = name_cells(predictions)
    by = {name: _measure_by(predictions, values) for name, values in cells.items()}
    if "lesion_share" in predictions:
        is_known = (predictions["label"] == 1) & predictions["lesion_share"].notna()
        tumors = predictions[is_known]
        by["lesion_share"] = _measure_by(tumors, _name_shares(tumors["lesion_share"]))
    by = {name: measured for name, measured in by.items() if measured}
    if not by:
        return {}
    return {"guess": guess_by_cells(cells, predictions["label"], predictions["group"]), "by": by}


def _measure_by(answers: pd.DataFrame, values: pd.Series) -> dict[str, Any]:
    if answers.empty:
        return {}
    verdicts = find_verdicts(answers)
    return {
        str(value): measure_right_verdicts(
            answers.loc[rows, "label"], verdicts[rows], answers.loc[rows, "group"]
        )
        for value, rows in _order(values)
    }


def _order(values: pd.Series) -> list[tuple[str, pd.Index]]:
    """Give the rows of each value, ordered ones in their order."""
    known = {name: place for place, name in enumerate((*FIFTHS, *_SHARES))}
    names = sorted(values.unique(), key=lambda name: (known.get(name, len(known)), name))
    return [(name, values.index[values == name]) for name in names]


def _name_shares(shares: pd.Series) -> pd.Series:
    bounds = np.array(list(_SHARES.values()))
    names = np.array(list(_SHARES))
    return pd.Series(names[np.searchsorted(bounds, shares, side="right")], shares.index)
