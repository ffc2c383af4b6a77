"""Group the images of an audit by copies, and look at what the groups say."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tumorscope.auditing.reading import Reading
from tumorscope.copies.groups import DisjointSets, join_copies
from tumorscope.copies.members import classify_members
from tumorscope.progress import ProgressCallback, ignore_progress


def group_copies(reading: Reading, on_progress: ProgressCallback = ignore_progress) -> pd.DataFrame:
    """Find the copies among images, and how each of them was made.

    As for a training, two slices of volumes or of known patients are copies only where they are
    equal: neighbours, and heads near their vertex, look alike.

    Parameters
    ----------
    reading
        From `read_folders`.
    on_progress
        Called as work goes on.

    Returns
    -------
    pandas.DataFrame
        One row per image of the reading, with ``group``, numbered from 0, and the fields of
        `Membership`: ``representative``, ``kind``, ``through`` and ``correlation``.
    """
    slices = reading.slices
    sets = DisjointSets(len(slices))
    sets.join_equal(slices["sha256"])
    links = join_copies(
        sets,
        reading.thumbnails,
        reading.codes,
        lambda done, total: on_progress("looking for copies", done, total),
        np.array([file.is_told_apart for file in reading.files]),
    )
    groups = sets.number()
    memberships = classify_members(
        reading.thumbnails,
        reading.codes,
        slices[["width", "height"]].to_numpy(dtype="int64"),
        slices["sha256"].tolist(),
        groups,
        links,
        lambda done, total: on_progress("comparing copies", done, total),
    )
    return pd.DataFrame(memberships).assign(group=groups)


def find_conflicts(slices: pd.DataFrame) -> list[int]:
    """Find the groups whose images lie in subfolders of different names.

    Parameters
    ----------
    slices
        With ``group`` and ``label_name``. Upper and lower case count as the same name, and an
        image without a subfolder contradicts none.

    Returns
    -------
    list
        The numbers of the groups, the largest first.
    """
    labelled = slices[slices["label_name"] != ""]
    names = labelled["label_name"].str.casefold().groupby(labelled["group"]).nunique()
    sizes = slices["group"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return [int(group) for group in sizes.index if names.get(group, 0) > 1]


def find_overlap(slices: pd.DataFrame, names: Sequence[str]) -> dict[tuple[str, str], pd.Series]:
    """Find, for each ordered pair of folders, the images of the first with a copy in the second.

    Parameters
    ----------
    slices
        With ``folder`` and ``group``.
    names
        Of the folders.

    Returns
    -------
    dict
        For each pair of names, by the row of an image in the first folder, the row of a copy of
        it in the second.
    """
    first_rows = {
        name: pd.Series(part.index, index=part["group"]).groupby(level=0).first()
        for name, part in slices.groupby("folder")
    }
    overlap = {}
    for one in names:
        groups = slices.loc[slices["folder"] == one, "group"]
        for other in names:
            if one != other:
                overlap[one, other] = groups.map(first_rows[other]).dropna().astype("int64")
    return overlap
