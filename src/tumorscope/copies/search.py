"""Search for slices with similar codes, without comparing all pairs."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import ORIENTATIONS, Codes, orient_codes
from tumorscope.copies.nearest import Neighbours, index_codes

# Beyond this distance, of 256 bits, even a cropped copy is not nearer than other slices are.
MAXIMUM_DISTANCE = 72
_NEIGHBOURS = 12
_SLICES_KEPT = 6
_QUERIES_PER_BLOCK = 200_000
_QUERIES_PER_CALL = 10_000


class Candidates(NamedTuple):
    """Pairs of slices that may be copies; each field has shape (P,), int64.

    `first` was searched for with its `first_frame` in an `orientation`; `second` was found by its
    `second_frame` at a Hamming `distance`.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    first_frame: NDArray[np.int64]
    orientation: NDArray[np.int64]
    second_frame: NDArray[np.int64]
    distance: NDArray[np.int64]

    def select(self, rows: NDArray[np.generic]) -> "Candidates":
        """Keep some rows, in the given order."""
        return Candidates(*(field[rows] for field in self))


class CodeIndex:
    """Codes of slices, ready to be searched.

    Parameters
    ----------
    codes
        Shape (N, indexed frames, 32), uint8.
    """

    def __init__(self, codes: Codes) -> None:
        self._frames = codes.shape[1]
        self._index = index_codes(np.ascontiguousarray(codes.reshape(-1, codes.shape[-1])))

    def search(
        self, codes: Codes, on_progress: Callable[[int, int], None] | None = None
    ) -> Candidates:
        """Find, for each slice, the slices whose codes are nearest to one of its own.

        Parameters
        ----------
        codes
            Shape (N, frames, 32), uint8, of the slices to search for.
        on_progress
            Called with the number of slices searched for and of all.

        Returns
        -------
        Candidates
            The few nearest for each slice, by slice and then distance, none farther than
            `MAXIMUM_DISTANCE`. A slice that is in the index finds itself, too.
        """
        slices, frames = codes.shape[:2]
        block = max(_QUERIES_PER_BLOCK // (frames * ORIENTATIONS), 1)
        found = []
        for start in range(0, slices, block):
            found.append(self._search_block(codes[start : start + block], start))
            if on_progress:
                on_progress(min(start + block, slices), slices)
        return Candidates(*map(np.concatenate, zip(*found, strict=True)))

    def _search_block(self, codes: Codes, start: int) -> Candidates:
        queries = orient_codes(codes)
        shape = queries.shape[:-1]
        distances, rows = self._find_neighbours(queries.reshape(-1, queries.shape[-1]))
        near = (rows >= 0) & (distances <= MAXIMUM_DISTANCE)
        query, _ = np.nonzero(near)
        first, first_frame, orientation = np.unravel_index(query, shape)
        second, second_frame = np.divmod(rows[near], self._frames)
        candidates = Candidates(
            first + start,
            second,
            first_frame,
            orientation,
            second_frame,
            distances[near].astype(np.int64),
        )
        return _keep_nearest(candidates)

    def _find_neighbours(self, queries: Codes) -> Neighbours:
        """Find the nearest codes of each query on threads of our own."""
        starts = range(0, len(queries), _QUERIES_PER_CALL)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = pool.map(
                lambda start: self._index.search(
                    queries[start : start + _QUERIES_PER_CALL], _NEIGHBOURS
                ),
                starts,
            )
            distances, rows = zip(*found, strict=True)
        return np.concatenate(distances), np.concatenate(rows)


def _keep_nearest(candidates: Candidates) -> Candidates:
    """Keep for each pair of slices the frames and orientation in which they are most alike."""
    # Among equally near ones, the least change of the picture explains the copy best.
    order = np.lexsort(
        (
            candidates.second_frame,
            candidates.first_frame,
            candidates.orientation,
            candidates.distance,
            candidates.second,
            candidates.first,
        )
    )
    ordered = candidates.select(order)
    is_new = np.ones(len(order), dtype=bool)
    same_first = ordered.first[1:] == ordered.first[:-1]
    is_new[1:] = ~(same_first & (ordered.second[1:] == ordered.second[:-1]))
    nearest = ordered.select(is_new)
    nearest = nearest.select(np.lexsort((nearest.second, nearest.distance, nearest.first)))
    first_of_slice = np.searchsorted(nearest.first, nearest.first)
    return nearest.select(np.arange(len(nearest.first)) - first_of_slice < _SLICES_KEPT)
