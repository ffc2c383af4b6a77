"""How well probabilities keep their word: in ten slices of 30 %, three should show a tumor."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tumorscope.evaluation.measures.scores import check_scores


def tabulate_reliability(
    labels: ArrayLike, probabilities: ArrayLike, bins: int = 10
) -> pd.DataFrame:
    """Compare the probability of a tumor with the share of tumors, bin by bin.

    Parameters
    ----------
    labels
        Shape (N,), 0 for no tumor and 1 for tumor. Not modified.
    probabilities
        Shape (N,), of a tumor, within [0, 1]. Not modified.
    bins
        How many bins of equal width divide [0, 1].

    Returns
    -------
    pandas.DataFrame
        One row per bin: `low` and `high` (the last bin holds its upper end, the others do not),
        `count` of slices, `probability` (their mean) and `tumor_share`, both NaN in an empty bin.

    Raises
    ------
    InputError
        The arrays cannot be used.
    """
    checked_labels, checked_probabilities = check_scores(labels, probabilities)
    edges = np.linspace(0, 1, bins + 1)
    bin_of = np.clip(np.searchsorted(edges, checked_probabilities, side="right") - 1, 0, bins - 1)
    slices = pd.DataFrame({"probability": checked_probabilities, "tumor_share": checked_labels})
    by_bin = slices.groupby(bin_of)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "count": np.bincount(bin_of, minlength=bins),
            **by_bin.mean().reindex(range(bins)),
        }
    )


def merge_bins(table: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """Join neighbouring bins until each holds enough slices for its share to mean something.

    Parameters
    ----------
    table
        As from `tabulate_reliability`. Not modified.
    fewest
        How many slices a bin should hold; what is left at the upper end joins the last one.

    Returns
    -------
    pandas.DataFrame
        The same columns; of fewer slices than `fewest`, one bin.
    """
    number, held, numbers = 0, 0, []
    left = int(table["count"].sum())
    for count in table["count"]:
        numbers.append(number)
        held, left = held + count, left - count
        if held >= fewest and left >= fewest:
            number, held = number + 1, 0
    sums = table[["probability", "tumor_share"]].fillna(0).mul(table["count"], axis=0)
    merged = sums.assign(count=table["count"]).groupby(numbers).sum()
    ends = table.groupby(numbers).agg(low=("low", "first"), high=("high", "last"))
    means = merged[["probability", "tumor_share"]].div(merged["count"], axis=0)
    return ends.assign(count=merged["count"]).join(means)


def compute_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """Compute the expected calibration error of the probability of a tumor.

    It is the distance between mean probability and share of tumors in a bin, averaged over the
    slices: 0 where every bin keeps its word. Of the two common forms this is the one of the
    positive class, not of the confidence in whichever class was called. A few slices in a bin
    miss its mean probability by chance, so that even perfect probabilities do not reach 0:
    compare it between equal numbers of slices only.

    Parameters
    ----------
    labels, probabilities, bins
        As in `tabulate_reliability`.

    Returns
    -------
    float
        Within [0, 1].

    Raises
    ------
    InputError
        The arrays cannot be used.

    References
    ----------
    M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining well calibrated probabilities using
    Bayesian binning", 2015.
    """
    table = tabulate_reliability(labels, probabilities, bins)
    distance = (table["probability"] - table["tumor_share"]).abs().fillna(0)
    return float(np.average(distance, weights=table["count"]))
