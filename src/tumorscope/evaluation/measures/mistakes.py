"""Which slices the model got wrong, the most confident mistakes first, without their copies."""

import pandas as pd


def rank_mistakes(predictions: pd.DataFrame, count: int) -> pd.DataFrame:
    """Take the worst slice called wrongly of each group, those farthest from the truth first.

    Parameters
    ----------
    predictions
        One row per slice with `path`, `label` (0 or 1), `probability` (of a tumor, within
        [0, 1]), `correct` (bool) and `group`. Not modified.
    count
        How many to take at most.

    Returns
    -------
    pd.DataFrame
        The rows of `predictions`; equal mistakes stand in the order of their paths.
    """
    wrong = predictions[~predictions["correct"].astype(bool)]
    distance = (wrong["label"] - wrong["probability"]).abs()
    order = wrong.assign(distance=distance).sort_values(
        ["distance", "path"], ascending=[False, True]
    )
    return order.drop_duplicates("group").drop(columns="distance").head(count)
