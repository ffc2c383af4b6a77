"""Decode the frames of a DICOM file one by one, each only after its size has been checked."""

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.dicom.codestream import read_jpeg_bits, read_size
from tumorscope.scans.dicom.elements import read_integer
from tumorscope.scans.dicom.file import UNDEFINED_LENGTH, DicomFile, name_uid
from tumorscope.scans.gray import check_side
from tumorscope.scans.quiet import quiet
from tumorscope.scans.scan import MAXIMUM_SLICES

MAXIMUM_FRAME_PIXELS = 16_000_000
_MAXIMUM_FRAGMENTS = 100_000
_ORDINARY_BITS = 8  # of JPEG, which every decoder reads
_ITEM = b"\xfe\xff\x00\xe0"
_PLUGINS = ("pylibjpeg", "pydicom", "pillow")  # GDCM, tried, ends the process on damaged files


@quiet()
def count_frames(dicom: DicomFile) -> int:
    """Check by the header that a file can hold what it declares, and count its frames.

    Raises
    ------
    InputError
        Sizes are missing, absurd or more than the file holds. The file is not named.
    """
    header = dicom.header
    rows, columns, frames, samples, bits = (
        read_integer(header, keyword, default)
        for keyword, default in (
            *(("Rows", 0), ("Columns", 0), ("NumberOfFrames", 1), ("SamplesPerPixel", 1)),
            ("BitsAllocated", 0),
        )
    )
    for keyword in ("BitsStored", "PixelRepresentation"):
        read_integer(header, keyword, 0)
    check_side(rows, columns)
    if rows * columns > MAXIMUM_FRAME_PIXELS:
        raise InputError(
            f"{columns} x {rows} px, expected at most {MAXIMUM_FRAME_PIXELS:,} pixels a frame"
        )
    if samples not in (1, 3) or bits not in (1, 8, 16, 32, 64):
        raise InputError(f"declares {samples} samples per pixel of {bits} bits each")
    frames = max(frames, 1)
    if frames > MAXIMUM_SLICES:
        raise InputError(f"declares {frames:,} frames, expected at most {MAXIMUM_SLICES:,}")
    if dicom.pixel_length == UNDEFINED_LENGTH:
        if _find_decoder(dicom.transfer_syntax).is_native:
            raise InputError("compressed, but its transfer syntax is not")
        _check_fragments(dicom, frames)
        return frames
    share = 2 / 3 if header.get("PhotometricInterpretation") == "YBR_FULL_422" else 1
    expected = int(rows * columns * samples * bits * frames * share) // 8
    found = min(dicom.pixel_length, dicom.count_bytes())
    if found < expected:
        raise InputError(f"truncated: holds {found:,} bytes of pixel data of {expected:,}")
    return frames


def is_lossy(dicom: DicomFile) -> bool:
    """Tell whether the encoding of a file may lose something of its pixels."""
    from pydicom import uid

    return dicom.transfer_syntax in (
        *(uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLSNearLossless),
        *(uid.JPEG2000, uid.HTJ2K),
    )


@quiet()
def decode_frame(dicom: DicomFile, index: int, number_of_frames: int) -> NDArray[Any]:
    """Decode one frame.

    Parameters
    ----------
    dicom
        An open file that `count_frames` has accepted.
    index
        The frame, from 0 in the order of the file.
    number_of_frames
        What `count_frames` gave.

    Returns
    -------
    numpy.ndarray
        Stored values, shape (H, W), or color, shape (H, W, 3), as RGB.

    Raises
    ------
    InputError
        The encoding is none we read, or the frame is not of the declared size. pydicom and its
        plugins raise nearly anything else.
    """
    from pydicom.encaps import encapsulate
    from pydicom.pixels.utils import as_pixel_options

    decoder = _find_decoder(dicom.transfer_syntax)
    options: dict[str, Any] = as_pixel_options(dicom.header, pixel_keyword=dicom.pixel_keyword)
    if dicom.pixel_vr:
        options["pixel_vr"] = dicom.pixel_vr
    if dicom.pixel_length == UNDEFINED_LENGTH:
        frame = _read_encapsulated(dicom, index, number_of_frames)
        options |= {"number_of_frames": 1, "extended_offsets": None}
        options["decoding_plugin"] = next(p for p in _PLUGINS if p in decoder.available_plugins)
        try:
            decoded, _ = decoder.as_array(encapsulate([frame], has_bot=False), index=0, **options)
        except RuntimeError as error:  # its first line says only that all plugins failed
            reason = str(error).splitlines()[-1].strip()[:120]
            advice = _advise(dicom.transfer_syntax)
            if advice and (bits := read_jpeg_bits(frame)) > _ORDINARY_BITS:
                reason = f"JPEG of {bits} bits"
            raise InputError(
                f"its compressed frame cannot be decoded ({reason}){advice}"
            ) from error
    else:
        dicom.stream.seek(dicom.pixel_start)
        options["number_of_frames"] = number_of_frames
        decoded, _ = decoder.as_array(dicom.stream, index=index, **options)
    return np.asarray(decoded)


def _find_decoder(transfer_syntax: str) -> Any:
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    syntax = UID(transfer_syntax)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise InputError(f"its encoding is none that holds slices{name_uid(syntax)}") from None
    if not (decoder.is_native or set(_PLUGINS) & set(decoder.available_plugins)):
        raise InputError(
            f"no decoder is installed for its encoding{name_uid(syntax)}{_advise(syntax)}"
        )
    return decoder


def _advise(transfer_syntax: str) -> str:
    """Name the optional decoder where it is missing and would read such frames."""
    from pydicom.uid import JPEGLSTransferSyntaxes, JPEGTransferSyntaxes

    if find_spec("libjpeg") or transfer_syntax not in (
        *JPEGTransferSyntaxes, *JPEGLSTransferSyntaxes
    ):  # fmt: skip
        return ""
    return "; one under GPL-3 reads more, in a copy of the source: pip install '.[dicom-gpl]'"


def _check_fragments(dicom: DicomFile, number_of_frames: int) -> None:
    """Check that there is a fragment for each frame and that the last one is complete."""
    table, *fragments = list(islice(_measure_items(dicom), _MAXIMUM_FRAGMENTS + 2)) or [0]
    if len(fragments) > _MAXIMUM_FRAGMENTS or table > 4 * number_of_frames:
        raise InputError("its compressed frames are in more parts than any scanner writes")
    if len(fragments) < number_of_frames:
        raise InputError(
            f"truncated: declares {number_of_frames:,} frames, holds {len(fragments):,}"
        )


def _measure_items(dicom: DicomFile) -> Iterator[int]:
    """Give the lengths of an offset table and the fragments after it (PS3.5, A.4)."""
    end = dicom.pixel_start + dicom.count_bytes()
    at = dicom.pixel_start
    while at + 8 <= end:
        dicom.stream.seek(at)
        tag, length = dicom.stream.read(4), int.from_bytes(dicom.stream.read(4), "little")
        if tag != _ITEM:
            break
        at += 8 + length
        if at > end:
            raise InputError("truncated: its last compressed frame is not complete")
        yield length


def _read_encapsulated(dicom: DicomFile, index: int, number_of_frames: int) -> bytes:
    from pydicom.encaps import get_frame
    from pydicom.uid import RLELossless

    header = dicom.header
    tables = (header.get("ExtendedOffsetTable"), header.get("ExtendedOffsetTableLengths"))
    dicom.stream.seek(dicom.pixel_start)
    frame: bytes = get_frame(
        dicom.stream,
        index,
        number_of_frames=number_of_frames,
        extended_offsets=tables if all(tables) else None,
    )
    declared = (header.Rows, header.Columns, header.get("SamplesPerPixel", 1))
    if dicom.transfer_syntax != RLELossless and (size := read_size(frame)) != declared:
        raise InputError(
            f"its compressed frame is of {size.columns} x {size.rows} px with {size.samples} "
            f"samples, its header says {declared[1]} x {declared[0]} with {declared[2]}"
        )
    return frame
