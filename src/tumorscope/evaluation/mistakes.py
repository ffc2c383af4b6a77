"""Which slices the model got wrong, the most confident mistakes first."""

import pandas as pd


def rank_mistakes(predictions: pd.DataFrame, count: int) -> pd.DataFrame:
    """Take the worst mistakes: wrong verdicts, farthest from the truth first.

    Parameters
    ----------
    predictions
        One row per slice with `path`, `label` (0 or 1), `probability` (of a tumor, within
        [0, 1]) and `correct` (bool). Not modified.
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
    return order.drop(columns="distance").head(count)
