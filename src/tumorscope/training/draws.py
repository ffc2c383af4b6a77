"""How likely each slice is drawn for an epoch, so that neither its source nor its place tells.

A data set has many slices of some patients and few of others, sources of one class, and tumors in
the middle of heads. Drawn as they come, the network would learn these; drawn by these weights, a
slice of either class is as often from a source, and within a source as often from a level, plane
and sequence, as one of the other class, as far as there are any; over all sources, nearly as often
from a plane and a sequence.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.series import find_levels

_TENTHS = 10
# How much of a class is drawn by where the other one lies, too; the rest as it lies itself, so that
# the ends of a head, where no tumor is, are seen as well.
_MATCHED = 0.8
# The same of what is matched over all sources, as some have sequences and planes of one class only.
# Less of it, as few slices would be drawn again and again.
_OF_ALL, _MATCHED_OF_ALL = ("sequence", "plane"), 0.5


def weigh_draws(manifest: pd.DataFrame) -> NDArray[np.float64]:
    """Weigh slices for drawing.

    Parameters
    ----------
    manifest
        With the columns ``label`` and ``group`` and, as far as they are known, ``source``,
        ``series``, ``slice``, ``plane`` and ``sequence``. Not modified.

    Returns
    -------
    numpy.ndarray
        Shape (N,), positive, of sum 1. Each class has half of it; of a class a source has as much
        as the root of the number of its pictures (`number_pictures`); of a source each group the
        same, but for what matches the classes: where a source has both, its slices of a level,
        plane and sequence weigh more if the other class has many there.
    """
    table = pd.DataFrame(
        {
            "label": manifest["label"].to_numpy(),
            "source": manifest.get("source", pd.Series("", manifest.index)).to_numpy(),
            "group": manifest["group"].to_numpy(),
            "picture": number_pictures(manifest),
            "cell": _name_cells(manifest).to_numpy(),
        }
    )
    of_class = table.groupby(["label", "source"])
    within = 1 / table.groupby(["label", "source", "group"])["picture"].transform("size")
    within = within / within.groupby([table["label"], table["source"]]).transform("sum")
    within = _match_cells(table.assign(weight=within), _MATCHED)
    share = np.sqrt(of_class["picture"].transform("nunique"))
    weights = _level_classes(share * within, table["label"])
    for name in [name for name in _OF_ALL if name in manifest]:
        of_all = table.assign(weight=weights, source="", cell=manifest[name].fillna("").to_numpy())
        weights = _level_classes(_match_cells(of_all, _MATCHED_OF_ALL), table["label"])
    return np.asarray(weights / 2, np.float64)


def _level_classes(weights: pd.Series, labels: pd.Series) -> pd.Series:
    return weights / weights.groupby(labels).transform("sum")


def number_pictures(manifest: pd.DataFrame) -> NDArray[np.int64]:
    """Give different pictures different numbers: copies have one, and slices of a head their own.

    Parameters
    ----------
    manifest
        With the column ``group`` and, where known, ``patient_id`` and ``series``.

    Returns
    -------
    numpy.ndarray
        Shape (N,).
    """
    groups = manifest["group"].to_numpy(np.int64)
    is_of_head = manifest.filter(["patient_id", "series"]).notna().any(axis=1)
    return np.where(is_of_head, -1 - np.arange(len(manifest)), groups)


def draw_weighted(
    weights: NDArray[np.float64],
    labels: NDArray[np.generic],
    count: int,
    generator: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw rows without putting any back, half of them of each class, in random order.

    Parameters
    ----------
    weights
        Shape (N,), positive.
    labels
        Shape (N,), 0 for no tumor and 1 for tumor.
    count
        How many, of N at most. Where a class has less than half of it, the other gives the rest.
    generator
        Of the random numbers.

    References
    ----------
    Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006.
    """
    keys = generator.exponential(size=len(weights)) / weights
    no_tumor, tumor = (
        rows[np.argsort(keys[rows], kind="stable")]
        for rows in (np.flatnonzero(labels == label) for label in (0, 1))
    )
    of_tumor = min(len(tumor), max(count // 2, count - len(no_tumor)))
    drawn = np.concatenate([tumor[:of_tumor], no_tumor[: count - of_tumor]])
    return generator.permutation(drawn)


def choose_evenly(labels: NDArray[np.generic], most: int | None) -> NDArray[np.int64]:
    """Choose rows at random, of each class its share; all of them where they are no more.

    Files stand in the order of their names, and the first of them may all be of one class.
    """
    if most is None or len(labels) <= most:
        return np.arange(len(labels))
    shuffled = np.random.default_rng(0).permutation(len(labels))
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    return np.sort(by_class[np.arange(most) * len(labels) // most])


def _name_cells(manifest: pd.DataFrame) -> pd.Series:
    """Name the level, plane and sequence of each slice, as far as they are known."""
    tenths = (find_levels(manifest) * _TENTHS).clip(upper=_TENTHS - 1) // 1
    cells: pd.Series = tenths.fillna(-1).astype(str)
    for column in ("plane", "sequence"):
        if column in manifest:
            cells = cells + "/" + manifest[column].fillna("").astype(str)
    return cells


def _match_cells(table: pd.DataFrame, matched: float) -> pd.Series:
    """Give weights of sum 1 in each class of a source, so far alike over its cells in both."""
    keys = ["source", "cell"]
    mass = table.pivot_table("weight", keys, "label", "sum").reindex(columns=[0, 1]).fillna(0.0)
    common = (mass[0] * mass[1]) ** 0.5
    total = common.groupby("source").transform("sum")
    # A source of one class has nothing to match.
    common = (common / total).where(total > 0)
    weights = table["weight"].copy()
    for label in (0, 1):
        rows = table["label"] == label
        own = pd.MultiIndex.from_frame(table.loc[rows, keys])
        here = mass[label].reindex(own).to_numpy()
        wanted = common.reindex(own).to_numpy()
        aim = np.where(np.isnan(wanted), here, matched * wanted + (1 - matched) * here)
        weights[rows] *= aim / here
    return weights
