"""Which slices of a series lie next to one another, and how many are missing between."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FARTHEST_MM = 10.0
"""From the middle of a slice to that of its neighbour, at most: twice what is usual for a head."""


class Spacing(NamedTuple):
    """How the slices of a series lie.

    Parameters
    ----------
    places
        Where each would stand if none were missing, and none farther than `FARTHEST_MM` from the
        next: those of two differ by one only where they lie next to one another.
    note
        What is missing between them, for the user; None where nothing is.
    """

    places: list[int]
    note: str | None


def find_spacing(indices: Sequence[int], positions_mm: Sequence[float | None]) -> Spacing:
    """Find which slices are neighbours.

    Parameters
    ----------
    indices
        Where each slice stands in its series, rising. One that could not be read is left out.
    positions_mm
        Where each lies along the normal. Where one is not known, the indices alone count.

    Examples
    --------
    >>> find_spacing([0, 1, 2, 3], [0.0, 5.0, 10.0, 25.0])
    Spacing(places=[0, 1, 2, 5], note='2 slices are missing after slice 2')
    """
    known = [position for position in positions_mm if position is not None]
    if len(known) < max(len(indices), 2):
        return Spacing(list(indices), None)
    steps = np.diff(indices)
    distances_mm = np.abs(np.diff(known))
    # Half of the steps or more are of this size, whatever is missing between the others.
    usual_mm = float(np.percentile(distances_mm / steps, 50, method="lower"))
    if usual_mm == 0:
        return Spacing(list(indices), None)
    missing = np.maximum(np.rint(distances_mm / usual_mm).astype(int) - steps, 0)
    missing[distances_mm <= (steps + 0.5) * usual_mm] = 0
    # A hundredth, as distances that are computed are not exact.
    within_mm = np.ceil(distances_mm / FARTHEST_MM - 0.01).astype(int) - steps
    places = np.array(indices) + np.cumsum([0, *np.maximum(missing, within_mm)])
    notes = (_tell_missing(indices, missing.tolist()), _tell_distance(usual_mm))
    return Spacing(places.tolist(), "; ".join(filter(None, notes)) or None)


def _tell_missing(indices: Sequence[int], missing: Sequence[int]) -> str | None:
    before = [index for index, count in zip(indices, missing, strict=False) if count]
    if not before:
        return None
    total = sum(missing)
    said = "1 slice is missing" if total == 1 else f"{total} slices are missing"
    where = "after" if len(before) == 1 else f"in {len(before)} places, the first after"
    return f"{said} {where} slice {before[0]}"


def _tell_distance(usual_mm: float) -> str | None:
    if usual_mm <= FARTHEST_MM:
        return None
    return f"its slices lie {usual_mm:.0f} mm apart, too far to vote together"
