"""How well labels can be guessed from what is not in the picture: level, plane, sequence, source.

What such a guess reaches, a network can reach without looking for a lesion.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import check_groups
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.scores import check_scores

# How many slices of the base rate are added to those of a cell.
_PRIOR = 1.0


def guess_labels(
    cells: ArrayLike, labels: ArrayLike, groups: ArrayLike, weights: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Guess the label of each slice by the share of tumors in its cell.

    Parameters
    ----------
    cells
        Shape (N,): what is known of each slice besides its pixels, as one value. Not modified.
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.
    weights
        Shape (N,), positive: how often each is drawn; alike without them. Not modified.

    Returns
    -------
    numpy.ndarray
        Shape (N,), within [0, 1]. Shares of small cells are drawn towards that of all, and a cell
        that one group has alone tells nothing about another: the share of all stands for it.

    Raises
    ------
    InputError
        The arrays cannot be used.
    """
    checked, _ = check_scores(labels, np.zeros(np.shape(labels)))
    names = np.asarray(cells).astype(str)
    if names.shape != checked.shape:
        raise InputError(f"expected a cell for each of {len(checked)} slices, found {names.shape}")
    drawn = np.ones(len(checked)) if weights is None else np.asarray(weights, np.float64)
    table = pd.DataFrame(
        {
            "cell": names,
            "group": check_groups(groups, len(checked)),
            "count": drawn * len(drawn) / drawn.sum(),
        }
    )
    table["tumor"] = table["count"] * checked
    base = table["tumor"].sum() / table["count"].sum()
    of_cell = table.groupby("cell")
    sums = of_cell[["count", "tumor"]].transform("sum")
    guessed = (sums["tumor"] + _PRIOR * base) / (sums["count"] + _PRIOR)
    return guessed.where(of_cell["group"].transform("nunique") > 1, base).to_numpy(np.float64)


def measure_guess(
    cells: ArrayLike, labels: ArrayLike, groups: ArrayLike, weights: ArrayLike | None = None
) -> float | None:
    """Measure the AUROC of `guess_labels`; None where all labels are the same.

    0.5 is a guess from nothing. Many small cells bring it above by chance.
    """
    guessed = guess_labels(cells, labels, groups, weights)
    return compute_metrics(labels, guessed, 0.5, weights)["auroc"]
