"""Read one volume of a NIfTI file, slice by slice, the usual radiological way up."""

import gzip
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.affine import find_affine, find_axes
from tumorscope.scans.gray import (
    apply_window,
    check_side,
    compute_window,
    make_square,
    repeat_channels,
)
from tumorscope.scans.refusal import naming, refusing
from tumorscope.scans.scan import MAXIMUM_SLICES, ScanSlice
from tumorscope.scans.stored_file import StoredFile

if TYPE_CHECKING:
    from nibabel import Nifti1Header

MAXIMUM_VOLUME_BYTES = 384 * 1024**2
_MAXIMUM_OFFSET = 64 * 1024**2
_MAXIMUM_REST_BYTES = 256 * 1024**2
_CHUNK_BYTES = 1024**2
_TO_LEFT_POSTERIOR = np.array([-1.0, -1.0, 1.0])  # from right, anterior, superior


class _View(NamedTuple):
    """How a plane is cut from axes (right, anterior, superior), and from which end it is listed."""

    axis: int
    is_listed_backward: bool


# Axial from the feet up, coronal from the face back, sagittal from the patient's left; as the
# positions of DICOM slices rise along their normals.
PLANES = {"axial": _View(2, False), "coronal": _View(1, True), "sagittal": _View(0, False)}


def read_nifti(file: StoredFile, plane: str, volume: int) -> Iterator[ScanSlice]:
    """Read the slices of one volume along a plane.

    Parameters
    ----------
    file
        A single NIfTI-1 or NIfTI-2 file, plain or compressed by gzip.
    plane
        ``axial``, ``coronal`` or ``sagittal``: the axis of the patient nearest to it is cut. The
        patient's right is on the left of the picture, the face or the head is at its top; of a
        sagittal slice the face is on the left.
    volume
        Which one of a 4-D file, from 0.

    Yields
    ------
    ScanSlice
        Windowed over the whole volume, pixels square; NaN is shown black.

    Raises
    ------
    InputError
        The file is damaged, truncated, too large, or no volume of gray slices.
    """
    with naming(file.name), refusing("NIfTI file"):
        header, stored = _read_file(file, volume)
        note = _note_volume(header, volume)
        low, high = compute_window(stored)
        if header["scl_slope"] < 0:  # a rescaling changes nothing else that can be seen
            low, high = high, low
        for cut in _cut(header, stored, plane):
            gray = make_square(apply_window(cut.values_hw, low, high), cut.row_mm, cut.column_mm)
            check_side(*gray.shape)
            yield _name(file, cut, gray, note)


def read_nifti_mask(file: StoredFile, plane: str) -> Iterator[ScanSlice]:
    """Read a volume of labels along a plane, as the scan that it belongs to is read.

    Parameters
    ----------
    file
        As for `read_nifti`, of one volume.
    plane
        As for `read_nifti`.

    Yields
    ------
    ScanSlice
        White where a value is not zero, black elsewhere.

    Raises
    ------
    InputError
        As for `read_nifti`.
    """
    with naming(file.name), refusing("NIfTI file"):
        header, stored = _read_file(file, 0)
        if _note_volume(header, 0):
            raise InputError("a mask of several volumes; save the one of this scan as a file")
        for cut in _cut(header, stored, plane):
            is_inside = np.nan_to_num(cut.values_hw) != 0
            sides_mm = cut.row_mm, cut.column_mm
            yield _name(file, cut, make_square(np.uint8(255) * is_inside, *sides_mm, sharp=True))


def _name(
    file: StoredFile, cut: "_Cut", gray_hw: NDArray[np.uint8], note: str | None = None
) -> ScanSlice:
    name, image = f"{file.name}#{cut.place:03d}", repeat_channels(gray_hw)
    place = cut.place, cut.corners_mm, cut.position_mm
    return ScanSlice(name, image, file.name, *place, note)


def _note_volume(header: "Nifti1Header", volume: int) -> str | None:
    """Say which of several volumes is answered."""
    volumes = (*header.get_data_shape()[3:], 1)[0]
    if volumes == 1:
        return None
    return f"only volume {volume} of {volumes} is answered; --volume chooses another"


def _read_file(file: StoredFile, volume: int) -> tuple["Nifti1Header", NDArray[Any]]:
    with file.open_stream() as packed, _unpack(packed) as stream:
        header = _read_header(stream)
        find_axes(header)  # before much is read
        return header, _read_volume(stream, header, volume)


class _Cut(NamedTuple):
    """Stored values of one slice, the radiological way up, and where they lie."""

    place: int
    values_hw: NDArray[Any]
    row_mm: float
    column_mm: float
    position_mm: float
    corners_mm: NDArray[np.float64]


def _cut(header: "Nifti1Header", stored: NDArray[Any], plane: str) -> Iterator[_Cut]:
    from nibabel.affines import apply_affine
    from nibabel.orientations import apply_orientation, inv_ornt_aff

    orientation, spacing_mm = find_axes(header)
    values = apply_orientation(stored, orientation)
    affine = find_affine(header) @ inv_ornt_aff(orientation, stored.shape)
    view = PLANES[plane]
    column_mm, row_mm = np.delete(spacing_mm, view.axis)
    last_column, last_row = np.delete(values.shape, view.axis) - 1
    number_of_slices = values.shape[view.axis]
    if number_of_slices > MAXIMUM_SLICES:
        raise InputError(
            f"holds {number_of_slices:,} {plane} slices, expected at most {MAXIMUM_SLICES:,}"
        )
    for index in range(number_of_slices):
        at = number_of_slices - 1 - index if view.is_listed_backward else index
        cut = values[(slice(None),) * view.axis + (at,)]
        corners = [(last_column, last_row), (0, last_row), (last_column, 0)]
        voxels = np.insert(np.array(corners, np.float64), view.axis, at, axis=1)
        corners_mm = apply_affine(affine, voxels) * _TO_LEFT_POSTERIOR
        sides_mm = float(row_mm), float(column_mm)
        position_mm = index * float(spacing_mm[view.axis])
        yield _Cut(index, cut[::-1, ::-1].T, *sides_mm, position_mm, corners_mm)


def _unpack(stream: BinaryIO) -> BinaryIO:
    is_packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return gzip.GzipFile(fileobj=stream) if is_packed else stream  # type: ignore[return-value]


def _read_header(stream: BinaryIO) -> "Nifti1Header":
    from nibabel import Nifti1Header, Nifti2Header

    size = stream.read(4)
    kind = (
        Nifti2Header
        if 540 in (int.from_bytes(size, "little"), int.from_bytes(size))
        else Nifti1Header
    )
    header = kind(size + stream.read(kind.template_dtype.itemsize - 4), check=False)
    if header["magic"].item().startswith(b"ni"):
        raise InputError("a header without its data; save header and data as one .nii file")
    return header


def _read_volume(stream: BinaryIO, header: "Nifti1Header", volume: int) -> NDArray[Any]:
    """Read one volume as it is stored, shape (I, J, K), into no more memory than there is data."""
    dtype, shape = header.get_data_dtype(), _check_shape(header.get_data_shape(), volume)
    if dtype.kind not in "iuf":
        raise InputError(f"its values are no gray ({dtype}); save them as real numbers")
    number_of_bytes = math.prod(shape) * dtype.itemsize
    if number_of_bytes > MAXIMUM_VOLUME_BYTES:
        raise InputError(
            f"a volume of {' x '.join(map(str, shape))} holds {number_of_bytes / 1024**2:,.0f} MB, "
            f"expected at most {MAXIMUM_VOLUME_BYTES // 1024**2}"
        )
    offset = int(header["vox_offset"])
    if not 0 <= offset <= _MAXIMUM_OFFSET:
        raise InputError(f"declares its data at byte {offset:,}")
    stream.seek(offset + volume * number_of_bytes)
    data = np.empty(number_of_bytes, np.uint8)
    filled = 0
    while filled < number_of_bytes:
        read = stream.readinto(data[filled : filled + _CHUNK_BYTES])  # type: ignore[attr-defined]
        if not read:
            raise InputError(
                f"truncated: volume {volume} ends after {filled:,} bytes of {number_of_bytes:,}"
            )
        filled += read
    if volume == math.prod(header.get_data_shape()[3:]) - 1:
        _read_to_end(stream)
    values: NDArray[Any] = data.view(dtype)
    return values.reshape(shape, order="F")


def _read_to_end(stream: BinaryIO) -> None:
    """Read what is left, if it is not much: only at its end a packed file tells of wrong bytes."""
    for _ in range(_MAXIMUM_REST_BYTES // _CHUNK_BYTES):
        if not stream.read(_CHUNK_BYTES):
            break


def _check_shape(shape: tuple[int, ...], volume: int) -> tuple[int, int, int]:
    """Give the shape of one volume; a single slice is a volume of one."""
    written = " x ".join(map(str, shape))
    if len(shape) < 2 or min(shape) < 1 or math.prod(shape[4:]) > 1:
        raise InputError(f"expected one volume, or several along a fourth axis, found {written}")
    width, height, depth, volumes = (*shape[:4], 1, 1)[:4]
    if volume >= volumes:
        raise InputError(f"holds {volumes} volumes, counted from 0; there is no volume {volume}")
    return int(width), int(height), int(depth)
