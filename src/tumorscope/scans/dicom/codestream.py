"""Read the size that a JPEG, JPEG-LS or JPEG 2000 codestream declares, before it is decoded.

A decoder believes its codestream, not the DICOM header around it: a few wrong bytes could make it
take gigabytes.
"""

from typing import NamedTuple

from tumorscope.errors import InputError
from tumorscope.scans.jpeg import check_scans

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_CODESTREAM = b"\xff\x4f\xff\x51"  # JPEG 2000: SOC and SIZ
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_START_OF_JP2 = b"\0\0\0\x0cjP  "
_MAXIMUM_TILES = 4096


class CodestreamSize(NamedTuple):
    """What a codestream declares."""

    rows: int
    columns: int
    samples: int


def read_size(frame: bytes) -> CodestreamSize:
    """Read the declared size.

    Parameters
    ----------
    frame
        One compressed frame: JPEG (ITU-T T.81, B.2.2), JPEG-LS (T.87) or JPEG 2000 (T.800, A.5.1).

    Raises
    ------
    InputError
        It is none of them, or declares parts that no scanner writes. The file is not named.
    """
    if frame.startswith(_START_OF_IMAGE):
        check_scans(frame)
        return _read_jpeg(frame)
    start = _find_codestream(frame) if frame.startswith(_START_OF_JP2) else 0
    if frame.startswith(_START_OF_CODESTREAM, start):
        return _read_jpeg2000(frame[start + 4 : start + 44])
    raise InputError("its compressed frame starts as no JPEG, JPEG-LS or JPEG 2000 does")


def read_jpeg_bits(frame: bytes) -> int:
    """Read how many bits a sample of a JPEG or JPEG-LS frame has; 0 of any other."""
    if not frame.startswith(_START_OF_IMAGE):
        return 0
    return frame[_find_frame_header(frame) + 4]


def _read_jpeg(frame: bytes) -> CodestreamSize:
    at = _find_frame_header(frame)
    rows, columns = _read_integers(frame, at + 5, 2, 2)
    return CodestreamSize(rows, columns, frame[at + 9])


def _find_frame_header(frame: bytes) -> int:
    at = 2
    while at + 10 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker == 0xFF or marker in _BARE_MARKERS:
            at += 1 if marker == 0xFF else 2
        elif marker in _FRAME_MARKERS:
            return at
        else:
            at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    raise InputError("its compressed frame declares no size")


def _find_codestream(frame: bytes) -> int:
    """Walk over the boxes of a JP2 file (T.800, I.4) to its codestream."""
    at = 0
    while at + 16 <= len(frame):
        length = int.from_bytes(frame[at : at + 4])
        start = 16 if length == 1 else 8
        if frame[at + 4 : at + 8] == b"jp2c":
            return at + start
        at += max(int.from_bytes(frame[at + 8 : at + 16]) if length == 1 else length, start)
    return at


def _read_jpeg2000(segment: bytes) -> CodestreamSize:
    if len(segment) < 38:
        raise InputError("its compressed frame declares no size")
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = _read_integers(
        segment, 4, 4, 8
    )
    rows, columns = bottom - top, right - left
    if min(rows, columns, tile_width, tile_height) < 1:
        raise InputError("its compressed frame declares no size")
    tiles = -(-(right - tile_left) // tile_width) * -(-(bottom - tile_top) // tile_height)
    if not 1 <= tiles <= _MAXIMUM_TILES:
        raise InputError(f"its compressed frame declares {tiles:,} tiles")
    return CodestreamSize(rows, columns, int.from_bytes(segment[36:38]))


def _read_integers(data: bytes, start: int, size: int, count: int) -> list[int]:
    return [int.from_bytes(data[at : at + size]) for at in range(start, start + size * count, size)]
