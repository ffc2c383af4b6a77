"""Join slices that are copies of one another into groups."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import Codes, keep_indexed
from tumorscope.copies.comparison import Comparison, compare_frames
from tumorscope.copies.search import Candidates, CodeIndex
from tumorscope.copies.thumbnails import Gray, cut_frames

_THREADS = 4
_PAIRS_PER_BLOCK = 512

Groups = NDArray[np.int64]


class Link(NamedTuple):
    """Two slices that were found to be copies, by their rows, and how well they match."""

    first: int
    second: int
    correlation: float


class DisjointSets:
    """Sets of rows that grow together (union-find)."""

    def __init__(self, count: int) -> None:
        self._parents = list(range(count))

    def find(self, row: int) -> int:
        """Find the row that stands for the set of a row: its first."""
        while self._parents[row] != row:
            self._parents[row] = self._parents[self._parents[row]]
            row = self._parents[row]
        return row

    def join(self, first: int, second: int) -> bool:
        """Join the sets of two rows; say whether they were two."""
        low, high = sorted((self.find(first), self.find(second)))
        self._parents[high] = low
        return low != high

    def join_equal(self, keys: Iterable[object]) -> None:
        """Join the rows whose key, one per row, is the same; None is nobody's key."""
        first: dict[object, int] = {}
        for row, key in enumerate(keys):
            if key is not None:
                self.join(first.setdefault(key, row), row)

    def number(self) -> Groups:
        """Give each row the number of its set, shape (N,), from 0 in order of appearance."""
        roots = np.array([self.find(row) for row in range(len(self._parents))], dtype=np.int64)
        return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def join_copies(
    sets: DisjointSets,
    thumbnails: Sequence[Gray],
    codes: Codes,
    on_progress: Callable[[int, int], None] | None = None,
    are_told_apart: NDArray[np.bool_] | None = None,
) -> list[Link]:
    """Join slices that show the same picture.

    The index proposes pairs, the comparison of pixels decides. Pairs that earlier ones have
    already joined are left out. As an index gives each slice only its nearest neighbours, large
    groups can hide each other: so one slice of each group is searched for again until nothing is
    found any more.

    Parameters
    ----------
    sets
        One row per slice, possibly joined before; joined further here.
    thumbnails
        One per row, from `take_thumbnail`.
    codes
        One row per slice, from `compute_codes`.
    on_progress
        Called with the number of slices searched for and of all.
    are_told_apart
        Shape (N,): rows of which it is known who they show. Two of these are not compared: heads
        near their vertex, of which a picture shows little, would join patients.

    Returns
    -------
    list
        The links that joined two sets; they connect every group without a circle.
    """
    rows = np.unique([sets.find(row) for row in range(len(thumbnails))])
    if are_told_apart is None:
        are_told_apart = np.zeros(len(thumbnails), np.bool_)
    links: list[Link] = []
    refused: set[tuple[int, int]] = set()
    while len(rows) > 1:
        found = CodeIndex(keep_indexed(codes[rows])).search(codes[rows], on_progress)
        on_progress = None  # the later rounds are short
        proposals = _take_unordered(found)
        named = proposals._replace(first=rows[proposals.first], second=rows[proposals.second])
        is_told = _spread(sets, are_told_apart)
        named = named.select(~(is_told[named.first] & is_told[named.second]))
        new = list(_join_verified(sets, thumbnails, named, refused))
        if not new:
            break
        links += new
        rows = np.unique([sets.find(int(row)) for row in rows])
    return links


def _spread(sets: DisjointSets, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Flag the row that stands for a set if any row of the set is flagged."""
    spread = np.zeros_like(flags)
    for row in np.flatnonzero(flags):
        spread[sets.find(int(row))] = True
    return spread


def verify(
    thumbnails: Sequence[Gray], others: Sequence[Gray], candidates: Candidates
) -> Iterator[Comparison]:
    """Compare the pixels of candidate pairs, in their order, on several threads.

    Parameters
    ----------
    thumbnails, others
        What `candidates.first` and `candidates.second` count.
    candidates
        The pairs, from `CodeIndex.search`.
    """

    def compare(pair: tuple[int, ...]) -> Comparison:
        first, second, first_frame, orientation, second_frame, _ = pair
        return compare_frames(
            cut_frames(thumbnails[first])[first_frame],
            cut_frames(others[second])[second_frame],
            orientation,
        )

    with ThreadPoolExecutor(_THREADS) as pool:
        yield from pool.map(compare, np.transpose(candidates).tolist())


def _take_unordered(candidates: Candidates) -> Candidates:
    """Keep each pair once, without pairs of a slice with itself, the nearest first."""
    others = candidates.select(np.flatnonzero(candidates.first != candidates.second))
    low = np.minimum(others.first, others.second)
    high = np.maximum(others.first, others.second)
    ordered = np.lexsort((others.first, others.distance, high, low))
    is_new = np.ones(len(ordered), dtype=bool)
    is_new[1:] = (np.diff(low[ordered]) != 0) | (np.diff(high[ordered]) != 0)
    nearest = others.select(ordered[is_new])
    return nearest.select(np.lexsort((nearest.second, nearest.first, nearest.distance)))


def _join_verified(
    sets: DisjointSets,
    thumbnails: Sequence[Gray],
    candidates: Candidates,
    refused: set[tuple[int, int]],
) -> Iterator[Link]:
    """Compare the pairs that are still apart and were not refused before; join the copies."""
    pairs = list(zip(candidates.first.tolist(), candidates.second.tolist(), strict=True))
    for start in range(0, len(pairs), _PAIRS_PER_BLOCK):
        rows = [
            row
            for row, (first, second) in enumerate(pairs[start : start + _PAIRS_PER_BLOCK], start)
            if sets.find(first) != sets.find(second) and (first, second) not in refused
        ]
        compared = verify(thumbnails, thumbnails, candidates.select(np.array(rows, dtype=int)))
        for row, comparison in zip(rows, compared, strict=True):
            first, second = pairs[row]
            if not comparison.is_copy:
                refused.add((first, second))
            elif sets.join(first, second):
                yield Link(first, second, comparison.correlation)
