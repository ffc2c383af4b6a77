"""Where a DICOM slice lies in the patient."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.scans.dicom.elements import read_optional_numbers
from tumorscope.scans.dicom.functional_groups import find_item
from tumorscope.scans.quiet import quiet

if TYPE_CHECKING:
    from pydicom import Dataset

# Of direction cosines: half a degree, far more than files round them, and less than planes differ.
_SAME_DIRECTION = 0.01


class Place(NamedTuple):
    """The place of a slice (PS3.3, C.7.6.2.1.1).

    Parameters
    ----------
    position
        Where the center of its first pixel lies (left, posterior, superior), mm.
    orientation
        The directions of a row and of a column.
    """

    position: tuple[float, ...]
    orientation: tuple[float, ...]

    def is_parallel(self, other: "Place") -> bool:
        """Tell whether two slices have one orientation, but for how their files round it."""
        pairs = zip(self.orientation, other.orientation, strict=True)
        return all(abs(one - another) <= _SAME_DIRECTION for one, another in pairs)

    def find_normal(self) -> NDArray[np.float64]:
        """Find the normal of the plane, shape (3,)."""
        return np.cross(self.orientation[:3], self.orientation[3:])

    def measure_distance(self, normal: NDArray[np.float64] | None = None) -> float:
        """Measure how far the slice lies along a normal, by default its own, mm."""
        return float((self.find_normal() if normal is None else normal) @ self.position)


@quiet()
def find_place(header: "Dataset", index: int = 0) -> Place | None:
    """Find the place of one frame; None where the file does not say it or says nonsense."""
    plane = _find_plane(header, index)
    if plane is None:
        return None
    corner, row, column = plane
    place = Place(tuple(corner.tolist()), (*row.tolist(), *column.tolist()))
    with np.errstate(all="ignore"):
        is_plane = 0.5 < np.linalg.norm(place.find_normal()) < 1.5
        return place if is_plane and np.isfinite(place.measure_distance()) else None


@quiet()
def find_corners(header: "Dataset", index: int = 0) -> NDArray[np.float64] | None:
    """Find the corners of one frame as `ScanSlice` gives them; None where the file lacks them."""
    plane = _find_plane(header, index)
    measures = find_item(header, index, "PixelMeasuresSequence")
    spacing_mm = read_optional_numbers(measures, "PixelSpacing", 2)
    if plane is None or spacing_mm is None:
        return None
    corner, row, column = plane
    row_mm, column_mm = spacing_mm
    along_row = row * column_mm * (int(header.Columns) - 1)
    along_column = column * row_mm * (int(header.Rows) - 1)
    corners_mm = np.stack([corner, corner + along_row, corner + along_column])
    return corners_mm if np.isfinite(corners_mm).all() else None


def _find_plane(header: "Dataset", index: int) -> tuple[NDArray[np.float64], ...] | None:
    """Find the first corner of a frame, and the directions of its rows and of its columns."""
    positions = find_item(header, index, "PlanePositionSequence")
    orientations = find_item(header, index, "PlaneOrientationSequence")
    position = read_optional_numbers(positions, "ImagePositionPatient", 3)
    orientation = read_optional_numbers(orientations, "ImageOrientationPatient", 6)
    if position is None or orientation is None:
        return None
    return tuple(np.array([*position, *orientation], np.float64).reshape(3, 3))
