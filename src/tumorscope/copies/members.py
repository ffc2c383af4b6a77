"""Say what each slice of a group is to the largest of them, and how it came into the group."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import Codes
from tumorscope.copies.groups import Groups, Link
from tumorscope.copies.kinds import Picture, describe_copy, match_pictures, take_picture
from tumorscope.copies.thumbnails import Gray

ORIGINAL, EXACT, LINKED = "original", "exact", "linked"

_THREADS = 4


class Membership(NamedTuple):
    """What a slice is to the representative of its group.

    Attributes
    ----------
    representative
        The row of the largest slice of the group, the first of equally large ones.
    kind
        ``original`` for the representative, ``exact`` for the same bytes; what was done to a
        copy, joined by ``+``, such as ``flipped+rescaled``; or ``linked`` for a slice that is a
        copy of one of its copies, but was not found to be one of the representative itself.
    through
        The row of the slice that it is a copy of: the representative or, if linked, the next
        slice on the way there.
    correlation
        How well it matches that slice.
    """

    representative: int
    kind: str
    through: int
    correlation: float


def classify_members(
    thumbnails: Sequence[Gray],
    codes: Codes,
    sizes: NDArray[np.int64],
    checksums: Sequence[str],
    groups: Groups,
    links: Sequence[Link],
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Membership]:
    """Compare each slice with the representative of its group.

    Parameters
    ----------
    thumbnails, codes
        One per slice, as for `join_copies`.
    sizes
        Shape (N, 2), width and height in px.
    checksums
        One per slice; equal bytes have equal ones.
    groups
        Shape (N,), from `DisjointSets.number`.
    links
        From `join_copies`.
    on_progress
        Called with the number of slices compared and of all to compare.

    Returns
    -------
    list
        A `Membership` for each slice.
    """
    representatives = _choose_representatives(sizes, groups)
    equal = _find_first_equal(checksums)
    steps = _step_towards(representatives, equal, links)

    def take(row: int) -> Picture:
        width, height = sizes[row].tolist()
        return take_picture(thumbnails[row], codes[row], (width, height))

    def classify(row: int) -> Membership:
        representative = int(representatives[row])
        member, original = take(row), take(representative)
        match = match_pictures(member, original)
        if match is None:
            return Membership(representative, LINKED, *steps[row])
        kind = describe_copy(member, original, match)
        return Membership(representative, kind, representative, match.correlation)

    rows = np.flatnonzero((equal == np.arange(len(groups))) & (equal != equal[representatives]))
    compared: dict[int, Membership] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for row, membership in zip(rows.tolist(), pool.map(classify, rows.tolist()), strict=True):
            compared[row] = membership
            if on_progress:
                on_progress(len(compared), len(rows))
    return [
        compared.get(same) or Membership(own, ORIGINAL if row == own else EXACT, own, 1.0)
        for row, (same, own) in enumerate(
            zip(equal.tolist(), representatives.tolist(), strict=True)
        )
    ]


def _choose_representatives(sizes: NDArray[np.int64], groups: Groups) -> NDArray[np.int64]:
    """Find, for each row, the row of the largest slice of its group."""
    order = np.lexsort((np.arange(len(groups)), -sizes.prod(axis=1), groups))
    _, first = np.unique(groups[order], return_index=True)
    return order[first][groups].astype(np.int64)


def _find_first_equal(checksums: Sequence[str]) -> NDArray[np.int64]:
    """Find, for each row, the first row with the same bytes."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(sum_, row) for row, sum_ in enumerate(checksums)], np.int64)


def _step_towards(
    representatives: NDArray[np.int64], equal: NDArray[np.int64], links: Sequence[Link]
) -> dict[int, tuple[int, float]]:
    """Find, for each row, the next one on the way to its representative, and their correlation."""
    neighbours: dict[int, list[tuple[int, float]]] = {}
    same = (Link(int(first), row, 1.0) for row, first in enumerate(equal) if first != row)
    for first, second, correlation in (*links, *same):
        neighbours.setdefault(first, []).append((second, correlation))
        neighbours.setdefault(second, []).append((first, correlation))
    steps: dict[int, tuple[int, float]] = {}
    waiting = deque(np.unique(representatives).tolist())
    ends = set(waiting)
    while waiting:
        row = waiting.popleft()
        for other, correlation in neighbours.get(row, ()):
            if other not in steps and other not in ends:
                steps[other] = row, correlation
                waiting.append(other)
    return steps
