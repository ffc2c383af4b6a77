"""What the neighbours of a slice say about it: a lesion is seldom in one slice alone.

A network looks at one slice, and takes a vessel or a fold for a lesion now and then. It does so
again in the next slices less often than it finds a lesion there.
"""

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.decisions.calibration import compute_logits, compute_sigmoid
from tumorscope.evaluation.measures.scores import Probabilities

REACH = 0.12
"""How far neighbours have a say, as a share of the series; docs/experiments.md says how chosen."""


def heed_neighbours(
    probabilities: ArrayLike, places: ArrayLike, reach: float = REACH
) -> Probabilities:
    """Judge each slice of a series with its neighbours, the nearer the more.

    Parameters
    ----------
    probabilities
        Shape (N,), of a tumor, within [0, 1], of slices that are assessable. Not modified.
    places
        Shape (N,), which slice of the series each is. Not modified.
    reach
        Within this share of the series, to each side, slices have a say, but at least the next
        ones; 0: none has.

    Returns
    -------
    numpy.ndarray
        Shape (N,): the sigmoid of mean logits, with weights that fall linearly with the distance.
        It commutes with a temperature, which divides all logits.

    Examples
    --------
    >>> heed_neighbours([0.1, 0.9, 0.1], [0, 1, 2]).round(3).tolist()
    [0.325, 0.5, 0.325]
    """
    given = np.asarray(probabilities, np.float64)
    if not reach or len(given) < 2:
        return given.copy()
    at = np.asarray(places, np.float64)
    farthest = max(round(reach * (np.ptp(at) + 1)), 1)
    distances = np.abs(at[:, np.newaxis] - at[np.newaxis])
    weights = np.maximum(1 - distances / (farthest + 1), 0)
    return compute_sigmoid(weights @ compute_logits(given) / weights.sum(axis=1))
