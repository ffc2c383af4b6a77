"""How many validation slices would have a copy in the training part of a random split."""

import math

import numpy as np
from numpy.typing import NDArray

VALIDATION_FRACTION = 0.2

_log_gamma = np.vectorize(math.lgamma, otypes=[np.float64])


def estimate_leak(groups: NDArray[np.int64], fraction: float = VALIDATION_FRACTION) -> float:
    """Compute the share of validation slices that are expected to have a copy in training.

    A slice of a group of g has none if the other g - 1 are drawn for validation, too: with N
    slices, V of them for validation, the probability of that is hypergeometric,
    C(N - g, V - g) / C(N - 1, V - 1). No split has to be drawn.

    Parameters
    ----------
    groups
        Shape (N,), the group of each slice.
    fraction
        Of the slices that are drawn for validation, without regard to groups.
    """
    total = len(groups)
    drawn = round(fraction * total)
    if drawn == 0:
        return 0.0
    _, sizes = np.unique(groups, return_counts=True)
    possible = sizes <= drawn
    fitting = sizes[possible]
    alone = np.zeros(len(sizes))
    alone[possible] = np.exp(
        _log_choose(total - fitting, drawn - fitting) - _log_choose(total - 1, drawn - 1)
    )
    return float((sizes * (1 - alone)).sum() / total)


def _log_choose(
    total: NDArray[np.int64] | int, chosen: NDArray[np.int64] | int
) -> NDArray[np.float64]:
    return np.asarray(
        _log_gamma(np.add(total, 1))
        - _log_gamma(np.add(chosen, 1))
        - _log_gamma(np.subtract(total, chosen) + 1)
    )
