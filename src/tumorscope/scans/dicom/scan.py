"""Read the slices of DICOM files: those of one file, or of a series in its order."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.dicom.display import is_told, show_frame
from tumorscope.scans.dicom.elements import read_optional
from tumorscope.scans.dicom.file import DicomFile, open_dicom
from tumorscope.scans.dicom.modality import sample_measured
from tumorscope.scans.dicom.pixels import count_frames, decode_frame
from tumorscope.scans.dicom.place import find_corners, find_place
from tumorscope.scans.gray import compute_window
from tumorscope.scans.refusal import naming, refusing
from tumorscope.scans.scan import ScanSlice, Unreadable
from tumorscope.scans.stored_file import StoredFile
from tumorscope.scans.turns import taking_turns

if TYPE_CHECKING:
    from pydicom import Dataset

_SAMPLED_SLICES = 16
Frame = TypeVar("Frame")


def read_single_frame(file: StoredFile) -> Iterator[ScanSlice]:
    """Read a DICOM file of one frame that is no part of a series.

    Raises
    ------
    InputError
        It cannot be read.
    """
    with naming(file.name), refusing("DICOM file"), open_dicom(file) as dicom:
        count_frames(dicom)
        image = _show(dicom, 0, 1, is_alone=True)
        if (image == image[0, 0]).all():
            raise InputError("every pixel has the same value; this is no slice")
        uids = _read_uids(dicom.header)
        yield ScanSlice(file.name, image, None, 0, find_corners(dicom.header), uids=uids)


def read_frames(
    name: str, file: StoredFile, frames: Sequence[int]
) -> Iterator[ScanSlice | Unreadable]:
    """Read frames of one file as the slices of a series, in the order given.

    Parameters
    ----------
    name
        Of the series.
    file
        Slices are named after it, and by their number in it.
    frames
        The numbers, from 0.

    Yields
    ------
    ScanSlice or Unreadable
        A damaged frame does not stop the others.

    Raises
    ------
    InputError
        The file as a whole cannot be read.
    """
    with naming(name), refusing("DICOM file"), open_dicom(file) as dicom:
        number_of_frames = count_frames(dicom)
        shared = _share_window(frames, lambda frame: _sample(dicom, frame, number_of_frames))
        for index, frame in enumerate(frames):
            named = f"{file.name}#{frame:03d}"
            try:
                with refusing("DICOM frame"):
                    image = _show(dicom, frame, number_of_frames, is_alone=False, shared=shared)
            except InputError as error:
                yield Unreadable(named, str(error))
            else:
                yield _place(named, image, name, index, dicom.header, frame)


def read_series(name: str, files: Sequence[StoredFile]) -> Iterator[ScanSlice | Unreadable]:
    """Read single-frame files as the slices of a series, in the order given."""

    def sample(file: StoredFile) -> NDArray[Any]:
        with open_dicom(file) as dicom:
            count_frames(dicom)
            return _sample(dicom, 0, 1)

    shared = _share_window(files, sample)
    for index, file in enumerate(files):
        try:
            with refusing("DICOM file"), open_dicom(file) as dicom:
                count_frames(dicom)
                image = _show(dicom, 0, 1, is_alone=False, shared=shared)
                given = _place(file.name, image, name, index, dicom.header, 0)
        except InputError as error:
            yield Unreadable(file.name, str(error))
        else:
            yield given


def _place(
    name: str, image: NDArray[np.uint8], series: str, index: int, header: "Dataset", frame: int
) -> ScanSlice:
    place = find_place(header, frame)
    position_mm = None if place is None else place.measure_distance()
    corners, uids = find_corners(header, frame), _read_uids(header)
    return ScanSlice(name, image, series, index, corners, position_mm, uids=uids)


def _read_uids(header: "Dataset") -> tuple[str, str]:
    series, instance = (
        str(read_optional(header, element) or "")
        for element in ("SeriesInstanceUID", "SOPInstanceUID")
    )
    return series, instance


def _share_window(
    frames: Sequence[Frame], sample: Callable[[Frame], NDArray[Any]]
) -> tuple[float, float] | None:
    """Find one window for all slices of a series that come without.

    Stretched each by itself, the noise of air would be as bright as a head. Damaged slices are
    left out here; whoever reads them says so.
    """
    samples = []
    for frame in frames[:: max(1, len(frames) // _SAMPLED_SLICES)]:
        with suppress(InputError), refusing("DICOM frame"):
            samples.append(sample(frame))
    values = np.concatenate([np.empty(0), *samples])
    with suppress(InputError):
        return compute_window(values) if values.size else None
    return None


def _sample(dicom: DicomFile, index: int, number_of_frames: int) -> NDArray[Any]:
    if is_told(dicom.header, index):
        return np.empty(0)
    with taking_turns(dicom.header.Rows * dicom.header.Columns):
        values = decode_frame(dicom, index, number_of_frames)
        return sample_measured(values, dicom.header, index)


def _show(
    dicom: DicomFile,
    index: int,
    number_of_frames: int,
    *,
    is_alone: bool,
    shared: tuple[float, float] | None = None,
) -> NDArray[np.uint8]:
    with taking_turns(dicom.header.Rows * dicom.header.Columns):
        values = decode_frame(dicom, index, number_of_frames)
        return show_frame(values, dicom.header, index, is_alone=is_alone, shared=shared)
