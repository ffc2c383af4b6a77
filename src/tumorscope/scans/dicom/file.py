"""Open a DICOM file: the elements that describe its image, and where its pixel data lie.

Elements that name a patient are never read, so that none can appear in a result or an error.
"""

import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, NamedTuple

from tumorscope.errors import InputError
from tumorscope.scans.dicom.functional_groups import VOLUME_KEYWORDS
from tumorscope.scans.quiet import quiet
from tumorscope.scans.stored_file import StoredFile

if TYPE_CHECKING:
    from pydicom import Dataset

UNDEFINED_LENGTH = 0xFFFFFFFF
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_EXPLICIT = b"1.2.840.10008.1.2.1".ljust(len(_DEFLATED), b"\0")
_MAXIMUM_INFLATED_BYTES = 128 * 1024**2
_CHUNK_BYTES = 64 * 1024
_META_START = 132
_MAXIMUM_ELEMENTS = 50_000
_PIXEL_GROUP = 0x7FE0
_PIXEL_KEYWORDS = {0x10: "PixelData", 8: "FloatPixelData", 9: "DoubleFloatPixelData"}
_PIXEL_VRS = (b"OB", b"OW", b"OF", b"OD", b"UN")
_ELEMENTS = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber"),
    *("InstanceNumber", "FrameOfReferenceUID"),
    *VOLUME_KEYWORDS,
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "PixelAspectRatio"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("NumberOfFrames", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"),
    *("PlanarConfiguration", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit", "ModalityLUTSequence", "VOILUTSequence"),
    *("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
    *(
        f"{color}PaletteColorLookupTable{part}"
        for color in ("Red", "Green", "Blue")
        for part in ("Descriptor", "Data")
    ),
    *(f"Segmented{color}PaletteColorLookupTableData" for color in ("Red", "Green", "Blue")),
]


class DicomFile(NamedTuple):
    """An open DICOM file.

    Parameters
    ----------
    stream
        The file, or its inflated content; seekable.
    header
        The elements that describe the image; no pixel data, nothing of the patient.
    transfer_syntax
        The UID of the encoding.
    pixel_keyword, pixel_vr
        The name of the element that holds the pixels and, where written, its value representation.
    pixel_start, pixel_length
        The place of its value; the length is undefined where frames are encapsulated.
    """

    stream: BinaryIO
    header: "Dataset"
    transfer_syntax: str
    pixel_keyword: str
    pixel_vr: str
    pixel_start: int
    pixel_length: int

    def count_bytes(self) -> int:
        """Count the bytes from the first one of the pixel data to the end of the file."""
        return self.stream.seek(0, os.SEEK_END) - self.pixel_start


@contextmanager
def open_dicom(file: StoredFile) -> Iterator[DicomFile]:
    """Open a file and read what describes its image.

    Raises
    ------
    InputError
        It holds no pixel data, or its encoding cannot be told. Neither this nor anything that
        pydicom raises on a damaged file names the file.
    """
    from pydicom.filereader import read_partial
    from pydicom.tag import Tag

    with file.open() as stored:
        stream = _inflate(stored)
        with quiet():
            header = read_partial(
                stream, _stop_at_pixels(), force=True, specific_tags=list(map(Tag, _ELEMENTS))
            )
        yield _locate_pixels(stream, header)


def _stop_at_pixels() -> Callable[[int, str | None, int], bool]:
    numbers = count(1)

    def stop(tag: int, _: str | None, __: int) -> bool:
        if next(numbers) > _MAXIMUM_ELEMENTS:
            raise InputError(f"holds more than {_MAXIMUM_ELEMENTS:,} elements before its pixels")
        return tag >> 16 == _PIXEL_GROUP and tag & 0xFFFF in _PIXEL_KEYWORDS

    return stop


def write_image(dataset: "Dataset") -> bytes:
    """Write the elements of a dataset that `open_dicom` reads, and its pixel data, but no others.

    pydicom raises nearly anything on an incomplete dataset.
    """
    from pydicom import Dataset, dcmwrite
    from pydicom.dataset import FileMetaDataset

    image, meta = Dataset(), FileMetaDataset()
    for keyword in (*_ELEMENTS, *_PIXEL_KEYWORDS.values()):
        if keyword in dataset:
            image[keyword] = dataset[keyword]
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    image.file_meta = meta
    stream = BytesIO()
    with quiet():
        dcmwrite(stream, image)
    return stream.getvalue()


def _inflate(stream: BinaryIO) -> BinaryIO:
    """Unpack a dataset in the deflated transfer syntax (PS3.5, A.5), but never a bomb."""
    head = stream.read(1024)
    stream.seek(0)
    start = head[_META_START : _META_START + 12]
    if _DEFLATED not in head or not start.startswith(b"\x02\0\0\0UL\x04\0"):
        return stream
    meta = stream.read(_META_START + 12 + int.from_bytes(start[8:], "little"))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = BytesIO()
    inflated.write(meta.replace(_DEFLATED, _EXPLICIT))
    while (packed := stream.read(_CHUNK_BYTES)) and not inflater.eof:
        inflated.write(inflater.decompress(packed, _MAXIMUM_INFLATED_BYTES))
        if inflated.tell() > _MAXIMUM_INFLATED_BYTES or inflater.unconsumed_tail:
            raise InputError(f"inflates to more than {_MAXIMUM_INFLATED_BYTES // 1024**2} MB")
    if not inflater.eof:
        raise InputError("truncated: its deflated content does not end")
    inflated.seek(0)
    return inflated


def _locate_pixels(stream: BinaryIO, header: "Dataset") -> DicomFile:
    order: Literal["little", "big"] = "little" if header.original_encoding[1] else "big"
    start = stream.read(8)
    if len(start) < 8:
        raise InputError(f"holds no image{_name_class(header)}")
    is_explicit = start[4:6] in _PIXEL_VRS  # some files change from explicit to implicit inside
    length = stream.read(4) if is_explicit else start[4:]
    return DicomFile(
        stream=stream,
        header=header,
        transfer_syntax=_find_syntax(header),
        pixel_keyword=_PIXEL_KEYWORDS[int.from_bytes(start[2:4], order)],
        pixel_vr=start[4:6].decode("ascii") if is_explicit else "",
        pixel_start=stream.tell(),
        pixel_length=int.from_bytes(length, order),
    )


def _name_class(header: "Dataset") -> str:
    return name_uid(str(header.get("SOPClassUID", "")))


def name_uid(uid: str) -> str:
    """Give the name of a UID of the standard, in brackets; of any other nothing is repeated."""
    from pydicom.uid import UID_dictionary

    return f" ({UID_dictionary[uid][0]})" if uid in UID_dictionary else ""


def _find_syntax(header: "Dataset") -> str:
    """Tell the transfer syntax; where the file leaves it out, from how its elements are written."""
    from pydicom import uid

    meta: Any = getattr(header, "file_meta", {})
    if declared := meta.get("TransferSyntaxUID"):
        return str(declared)
    is_implicit, is_little = header.original_encoding
    if is_implicit:
        return str(uid.ImplicitVRLittleEndian)
    return str(uid.ExplicitVRLittleEndian if is_little else uid.ExplicitVRBigEndian)
