"""Read one volume of a NIfTI file, slice by slice, the usual radiological way up."""

import gzip
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
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
_CHUNK_BYTES = 1024**2


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
        yield from _read_slices(file, plane, volume)


def _read_slices(file: StoredFile, plane: str, volume: int) -> Iterator[ScanSlice]:
    from nibabel.orientations import apply_orientation

    with file.open_stream() as packed, _unpack(packed) as stream:
        header = _read_header(stream)
        orientation, spacing_mm = _find_axes(header)
        stored = _read_volume(stream, header, volume)
    low, high = compute_window(stored)
    if header["scl_slope"] < 0:  # a rescaling changes nothing else that can be seen
        low, high = high, low
    values = apply_orientation(stored, orientation)
    view = PLANES[plane]
    column_mm, row_mm = np.delete(spacing_mm, view.axis)
    number_of_slices = values.shape[view.axis]
    if number_of_slices > MAXIMUM_SLICES:
        raise InputError(
            f"holds {number_of_slices:,} {plane} slices, expected at most {MAXIMUM_SLICES:,}"
        )
    for index in range(number_of_slices):
        at = number_of_slices - 1 - index if view.is_listed_backward else index
        cut = values[(slice(None),) * view.axis + (at,)]
        gray = make_square(apply_window(cut[::-1, ::-1].T, low, high), row_mm, column_mm)
        check_side(*gray.shape)
        yield ScanSlice(f"{file.name}#{index:03d}", repeat_channels(gray), file.name, index)


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


def _find_axes(header: "Nifti1Header") -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Find the way from the stored axes to (right, anterior, superior), and the spacing there."""
    from nibabel.affines import voxel_sizes
    from nibabel.orientations import io_orientation

    affine = header.get_best_affine()
    if not np.isfinite(affine).all():
        raise InputError("its affine is not finite, so that no plane can be told from another")
    orientation = io_orientation(affine)
    if np.isnan(orientation).any():
        raise InputError("its affine is singular, so that no plane can be told from another")
    spacing_mm = np.empty(3)
    spacing_mm[orientation[:, 0].astype(int)] = voxel_sizes(affine)
    return orientation, spacing_mm


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
    values: NDArray[Any] = data.view(dtype)
    return values.reshape(shape, order="F")


def _check_shape(shape: tuple[int, ...], volume: int) -> tuple[int, int, int]:
    """Give the shape of one volume; a single slice is a volume of one."""
    written = " x ".join(map(str, shape))
    if len(shape) < 2 or min(shape) < 1 or math.prod(shape[4:]) > 1:
        raise InputError(f"expected one volume, or several along a fourth axis, found {written}")
    width, height, depth, volumes = (*shape[:4], 1, 1)[:4]
    if volume >= volumes:
        raise InputError(f"holds {volumes} volumes, counted from 0; there is no volume {volume}")
    return int(width), int(height), int(depth)
