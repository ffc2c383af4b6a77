"""Where a DICOM slice lies in the patient, and the order that follows from it."""

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tumorscope.scans.dicom.functional_groups import find_item
from tumorscope.scans.quiet import quiet

if TYPE_CHECKING:
    from pydicom import Dataset


class Place(NamedTuple):
    """The place of a slice (PS3.3, C.7.6.2.1.1).

    Parameters
    ----------
    orientation
        The directions of a row and of a column, rounded so that slices of one stack agree.
    distance_mm
        How far along the normal of its plane it lies.
    """

    orientation: tuple[float, ...]
    distance_mm: float


@quiet()
def find_place(header: "Dataset", index: int = 0) -> Place | None:
    """Find the place of one frame; None where the file does not say it or says nonsense."""
    position = find_item(header, index, "PlanePositionSequence").get("ImagePositionPatient")
    orientation = find_item(header, index, "PlaneOrientationSequence").get(
        "ImageOrientationPatient"
    )
    try:
        corner, row, column = np.split(np.array([*position, *orientation], np.float64), 3)
    except (TypeError, ValueError):
        return None
    with np.errstate(all="ignore"):
        normal = np.cross(row, column)
        distance_mm = normal @ corner
    if not np.isfinite(distance_mm) or not 0.5 < np.linalg.norm(normal) < 1.5:
        return None
    directions = np.round([*row, *column], 2) + 0.0  # no negative zero
    return Place(tuple(directions.tolist()), round(float(distance_mm), 2))


def order_frames(header: "Dataset", number_of_frames: int) -> list[int]:
    """Order the frames of a file along the normal, one volume (echo, b-value) after the other.

    They stay as stored where not all have such a place.
    """
    places = [find_place(header, index) for index in range(number_of_frames)]
    known = [place for place in places if place is not None]
    if len(known) < number_of_frames or len({place.orientation for place in known}) > 1:
        return list(range(number_of_frames))
    taken: Counter[float] = Counter()
    keys = []
    for place in known:
        keys.append((taken[place.distance_mm], place.distance_mm))
        taken[place.distance_mm] += 1
    return sorted(range(number_of_frames), key=keys.__getitem__)
