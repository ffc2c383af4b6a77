"""Where a DICOM slice lies in the patient, and the order that follows from it."""

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    plane = _find_plane(header, index)
    if plane is None:
        return None
    corner, row, column = plane
    with np.errstate(all="ignore"):
        normal = np.cross(row, column)
        distance_mm = normal @ corner
    if not np.isfinite(distance_mm) or not 0.5 < np.linalg.norm(normal) < 1.5:
        return None
    directions = np.round([*row, *column], 2) + 0.0  # no negative zero
    return Place(tuple(directions.tolist()), round(float(distance_mm), 2))


@quiet()
def find_corners(header: "Dataset", index: int = 0) -> NDArray[np.float64] | None:
    """Find the corners of one frame as `ScanSlice` gives them; None where the file lacks them."""
    plane = _find_plane(header, index)
    spacing = find_item(header, index, "PixelMeasuresSequence").get("PixelSpacing")
    try:
        row_mm, column_mm = map(float, spacing)
    except (TypeError, ValueError):
        return None
    if plane is None:
        return None
    corner, row, column = plane
    along_row = row * column_mm * (int(header.Columns) - 1)
    along_column = column * row_mm * (int(header.Rows) - 1)
    corners_mm = np.stack([corner, corner + along_row, corner + along_column])
    return corners_mm if np.isfinite(corners_mm).all() else None


def _find_plane(header: "Dataset", index: int) -> tuple[NDArray[np.float64], ...] | None:
    """Find the first corner of a frame, and the directions of its rows and of its columns."""
    position = find_item(header, index, "PlanePositionSequence").get("ImagePositionPatient")
    orientation = find_item(header, index, "PlaneOrientationSequence").get(
        "ImageOrientationPatient"
    )
    try:
        return tuple(np.array([*position, *orientation], np.float64).reshape(3, 3))
    except (TypeError, ValueError):
        return None


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
