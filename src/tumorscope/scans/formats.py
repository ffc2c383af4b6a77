"""Tell the format of a file by its first bytes, without loading any reader."""

import zlib
from enum import Enum


class Format(Enum):
    """What a file can be; the values are for messages."""

    IMAGE = "image"
    DICOM = "DICOM"
    NIFTI = "NIfTI"
    ZIP = "zip"


READABLE = "image (JPEG, PNG, BMP, TIFF), DICOM, NIfTI or zip file"
UNKNOWN = f"content of no known format; expected {READABLE}"

_IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_GZIP_START = b"\x1f\x8b"
_NIFTI_MAGICS = {344: (b"n+1\0", b"ni1\0"), 4: (b"n+2\0", b"ni2\0")}
_VALUE_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)


def recognize_format(head: bytes) -> Format | None:
    """Tell the format from the first kilobyte of a file; None for any other.

    A DICOM file is known by its prefix (PS3.10, section 7.1) or, where preamble and prefix have
    been left out, by a first element that only a DICOM dataset has.
    """
    if head[128:132] == b"DICM":  # before TIFF, which may fill the preamble
        return Format.DICOM
    if head.startswith(_IMAGE_STARTS) or _is_bitmap(head):
        return Format.IMAGE
    if head.startswith(_ZIP_STARTS):
        return Format.ZIP
    if _is_nifti(_inflate(head) if head.startswith(_GZIP_START) else head):
        return Format.NIFTI
    return Format.DICOM if _starts_with_element(head) else None


def _is_bitmap(head: bytes) -> bool:
    """Tell a BMP by the size of its second header too: a table may begin with ``BM``."""
    return head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS


def _is_nifti(head: bytes) -> bool:
    return any(head[at : at + 4] in magics for at, magics in _NIFTI_MAGICS.items())


def _inflate(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return b""


def _starts_with_element(head: bytes) -> bool:
    """Tell whether the first element is one of group 2 or 8, in any encoding of DICOM."""
    if len(head) < 8:
        return False
    if head[4:6] in _VALUE_REPRESENTATIONS:
        return head[:2] in (b"\x02\0", b"\x08\0", b"\0\x08")
    return head[:2] == b"\x08\0" and int.from_bytes(head[4:8], "little") <= 64
