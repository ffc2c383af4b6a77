"""What a search for scans gives: scans not decoded yet, their slices, and what is no scan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tumorscope.scans.stored_file import StoredFile

MAXIMUM_SLICES = 2_000  # of one file; all are shown in one picture, and held until then


@dataclass(frozen=True, eq=False)
class ScanSlice:
    """One 2-D image of a scan.

    Parameters
    ----------
    name
        How a result names it: ``folder/a.jpg``, ``study.zip/IM1.dcm``, ``brain.nii.gz#041``.
    image
        Shape (H, W, 3), uint8, RGB, as `tumorscope.scans.images.read_slice` gives it. A slice of
        a series may be constant (air).
    series
        The name of the series or volume it belongs to; None for a lone image.
    index
        Its place in the series, from 0, ordered by position.
    corners_mm
        Where in the patient (left, posterior, superior) the centers of its first pixel, of the
        last one of its first row, and of the last one of its first column lie, shape (3, 3); None
        where the file does not say it.
    position_mm
        How far along the normal of its plane it lies; None where the file does not say it.
    note
        What of its file or series is not answered with it, for the user; None where all is.
    uids
        Of the series and the instance of a DICOM file, empty where it does not say; else None.
    """

    name: str
    image: NDArray[np.uint8]
    series: str | None
    index: int
    corners_mm: NDArray[np.float64] | None = None
    position_mm: float | None = None
    note: str | None = None
    uids: tuple[str, str] | None = None


@dataclass(frozen=True)
class Unreadable:
    """A file that cannot be a scan, or a slice that cannot be read; the reason is for the user."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class Scan:
    """An image file, a DICOM series or file, or a NIfTI volume, not decoded before it is read.

    Parameters
    ----------
    name
        How a result names it.
    read_slices
        Reads it.
    is_large
        Whether it may stay in memory as a whole while its slices are read, so that one such scan
        should be read to its end before the next one is begun.
    is_portable
        Whether it is one picture, and can be pickled and read in another process.
    members
        The DICOM files that it is put together from; none of another scan.
    is_segmentation
        Whether these say where something is (PS3.3, A.51), and show nothing themselves.
    """

    name: str
    read_slices: Callable[[], Iterator[ScanSlice | Unreadable]]
    is_large: bool = False
    is_portable: bool = False
    members: tuple[StoredFile, ...] = ()
    is_segmentation: bool = False

    def read(self) -> Iterator[ScanSlice | Unreadable]:
        """Decode slice by slice, in the order of their positions.

        One damaged slice of a series does not stop the others: it is given as `Unreadable`.

        Raises
        ------
        InputError
            The scan as a whole cannot be read; the message names the file.
        """
        return self.read_slices()
