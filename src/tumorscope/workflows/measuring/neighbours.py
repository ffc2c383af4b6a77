"""Judge the slices of a table with their neighbours, as `predict` judges those of a series."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.evaluation.decisions.neighbours import REACH, heed_neighbours


def heed_series(
    slices: pd.DataFrame, probabilities: pd.Series, reach: float = REACH
) -> NDArray[np.float64]:
    """Judge each slice that has a place in a series with its neighbours there.

    Parameters
    ----------
    slices
        With the ``reason`` of what the guard refuses and, where there are any, ``series`` and
        ``place``; all answers of one model. What is refused has no say, and stays as it is. Not
        modified.
    probabilities
        Of a tumor, in the order of `slices`. Not modified.
    reach
        As for `heed_neighbours`.

    Returns
    -------
    numpy.ndarray
        In the order of `slices`.
    """
    heeded = probabilities.to_numpy(np.float64, copy=True)
    if {"series", "place"} <= set(slices):
        is_heard = slices["place"].notna()
        if "reason" in slices:
            is_heard &= slices["reason"].isna()
        heard = slices[["series", "place"]].assign(row=np.arange(len(slices)))[is_heard]
        for _, series in heard.groupby("series"):
            rows = series["row"].to_numpy()
            heeded[rows] = heed_neighbours(heeded[rows], series["place"].to_numpy(), reach)
    return heeded
