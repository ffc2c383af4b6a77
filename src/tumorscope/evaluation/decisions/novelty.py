"""How unlike the training slices a picture is, by the features of a network, and where to stop.

Features of brain slices lie close to a subspace of few dimensions; those of other pictures do not.
The distance is what the subspace leaves over, as in principal component analysis for monitoring
processes (Jackson & Mudholkar, "Control procedures for residuals associated with principal
component analysis", 1979, their Q statistic).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tumorscope.errors import InputError

# Chosen on the development half of benchmarks/robustness/nobrain.py; docs/guard.md.
_COMPONENTS = 64
_SHARE = 4  # there are at least so many groups, and so many features, for each component
_FOLDS = 5
ACCEPTED = 0.99


class Subspace(NamedTuple):
    """Where the features of known slices lie.

    Attributes
    ----------
    mean
        Shape (K,), float32.
    basis
        Shape (K, D), float32, orthonormal columns.
    scale
        The mean squared distance of known slices from the subspace.
    limit
        The largest distance, in units of `scale`, that is not novel; infinite where the known
        slices are too few to tell.
    """

    mean: NDArray[np.float32]
    basis: NDArray[np.float32]
    scale: float
    limit: float

    def measure(self, features: ArrayLike) -> NDArray[np.float64]:
        """Measure the squared distance from the subspace, in units of `scale`.

        Parameters
        ----------
        features
            Shape (N, K). Not modified.

        Returns
        -------
        numpy.ndarray
            Shape (N,); about 1 for a known slice.
        """
        centered = np.asarray(features, np.float32) - self.mean
        with np.errstate(invalid="ignore"):  # what is not finite has no distance: NaN
            inside = centered @ self.basis
            left = np.square(centered, dtype=np.float64).sum(1) - np.square(inside).sum(1)
        return np.asarray(np.maximum(left, 0) / self.scale)


def fit_subspace(
    features: ArrayLike,
    groups: ArrayLike,
    others: ArrayLike | None = None,
    accepted: float = ACCEPTED,
    on_fit: Callable[[int, int], None] = lambda *_: None,
) -> Subspace:
    """Fit the subspace, every group of copies counting once, and its limit.

    The limit is a quantile of the distances of slices from subspaces that were fitted without
    their groups: a copy does not vouch for its copy. As in split conformal prediction, it is
    infinite where there are too few groups for that quantile.

    Parameters
    ----------
    features
        Shape (N, K), finite, of training slices. Not modified.
    groups
        Shape (N,), the group of each. Not modified.
    others
        Shape (M, K), finite, of other pictures that should be near the subspace, each of which
        counts like a group. They have no say in the limit. Not modified.
    accepted
        The share of slices of new groups that should be within the limit.
    on_fit
        Called after each of the fits that the limit takes, with the fits done and all of them.

    Raises
    ------
    InputError
        There is no slice, or the shapes do not fit, or a feature is not finite.
    """
    known = np.asarray(features, np.float64)
    names, numbers, sizes = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    if known.ndim != 2 or len(known) != len(numbers) or not len(known):
        raise InputError(f"features: expected one row per slice, found shape {known.shape}")
    beside = np.empty((0, known.shape[1])) if others is None else np.asarray(others, np.float64)
    if beside.ndim != 2 or beside.shape[1] != known.shape[1]:
        raise InputError(f"others: expected (M, {known.shape[1]}), found shape {beside.shape}")
    if not (np.isfinite(known).all() and np.isfinite(beside).all()):
        raise InputError("features: found values that are not finite")
    weights = 1 / sizes[numbers]

    def fit(chosen: NDArray[np.bool_]) -> Subspace:
        rows = np.concatenate([known[chosen], beside])
        return _fit(rows, np.concatenate([weights[chosen], np.ones(len(beside))]))

    folds = np.random.default_rng(0).permutation(len(names))[numbers] % _FOLDS
    distances = np.full(len(known), np.inf)
    parts = min(_FOLDS, len(names)) if len(names) > 1 else 0
    for fold in range(parts):
        out = folds == fold
        distances[out] = fit(~out).measure(known[out])
        on_fit(fold + 1, parts + 1)
    limit = _find_quantile(distances, weights, accepted, len(names))
    whole = fit(np.ones(len(known), np.bool_))
    on_fit(parts + 1, parts + 1)
    return whole._replace(limit=limit)


def _fit(features: NDArray[np.float64], weights: NDArray[np.float64]) -> Subspace:
    total = weights.sum()
    mean = np.average(features, axis=0, weights=weights)
    scaled = (features - mean) * np.sqrt(weights / total)[:, np.newaxis]
    rows, columns = scaled.shape
    dimensions = min(_COMPONENTS, round(total) // _SHARE, columns // _SHARE)
    if rows < columns:  # the same by products of rows, which are fewer
        variances, mixtures = np.linalg.eigh(scaled @ scaled.T)
        basis, _ = np.linalg.qr(scaled.T @ mixtures[:, rows - dimensions :])
    else:
        variances, directions = np.linalg.eigh(scaled.T @ scaled)
        basis = directions[:, columns - dimensions :]
    left = variances[: len(variances) - dimensions]  # they rise
    smallest = float(np.finfo(np.float32).eps) * max(float(variances.sum()), 1.0)
    return Subspace(
        mean.astype(np.float32),
        basis.astype(np.float32),
        max(float(left.sum()), smallest),
        np.inf,
    )


def _find_quantile(
    distances: NDArray[np.float64], weights: NDArray[np.float64], share: float, groups: int
) -> float:
    """Find the distance that at least `share` of the groups, and one more, stay within."""
    order = np.argsort(distances)
    reached = np.cumsum(weights[order])
    position = int(np.searchsorted(reached, share * (groups + 1) - 1e-9))
    return float(distances[order][position]) if position < len(order) else np.inf
