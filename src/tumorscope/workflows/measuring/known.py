"""What is known of slices besides their pictures, put beside the answers for them."""

import pandas as pd

from tumorscope.dataset.left_out import LEFT_OUT

_COLUMNS = (
    "slice", "source", LEFT_OUT, "patient_id", "site", "series", "level", "plane", "sequence",
    "lesion_share",
)  # fmt: skip


def list_known(slices: pd.DataFrame) -> pd.DataFrame:
    """List what a manifest says of slices that answers are measured by.

    Parameters
    ----------
    slices
        With ``path`` as answers have it, and ``level`` as from `find_levels` of the whole manifest.
        Not modified.

    Returns
    -------
    pandas.DataFrame
        By path, the columns of which anything is known: ``slice``, ``source``, ``left_out``,
        ``patient_id``, ``site``, ``series``, ``level``, ``plane``, ``sequence``, ``lesion_share``.
    """
    by_path = slices.drop_duplicates("path").set_index("path")
    return by_path.reindex(columns=list(_COLUMNS)).dropna(axis="columns", how="all")


def add_known(answers: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Put what `list_known` gives beside answers, by their path; their own columns stay."""
    new = known.drop(columns=[name for name in known if name in answers])
    return answers.join(new, on="path")
