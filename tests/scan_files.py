"""Scan files made in memory for the tests: DICOM, NIfTI and zip."""

import gzip
import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
from nibabel import Nifti1Image
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import (
    ExplicitVRLittleEndian,
    MRImageStorage,
    SegmentationStorage,
    generate_uid,
)

AXIAL = (1, 0, 0, 0, 1, 0)


def make_item(**elements: Any) -> DicomSequence:
    """Make a sequence of one item."""
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return DicomSequence([item])


def make_dataset(values: NDArray[Any], **elements: Any) -> Dataset:
    """Make an MR image; a third axis first is that of frames, last of 3 that of color.

    An element that is None is left out.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MRImageStorage
    is_color = values.ndim >= 3 and values.shape[-1] == 3
    frames = values.shape[: values.ndim - (3 if is_color else 2)]
    rows, columns = values.shape[len(frames) : len(frames) + 2]
    bits = 8 * values.dtype.itemsize
    described = {
        "SOPClassUID": MRImageStorage,
        "SOPInstanceUID": generate_uid(entropy_srcs=[values.tobytes().hex(), str(elements)]),
        "SeriesInstanceUID": "1.2.3",
        "SeriesNumber": 3,
        "PatientName": "Secret^Patient",
        "PatientID": "secret-4711",
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 3 if is_color else 1,
        "PlanarConfiguration": 0 if is_color else None,
        "PhotometricInterpretation": "RGB" if is_color else "MONOCHROME2",
        "NumberOfFrames": frames[0] if frames else None,
        "BitsAllocated": bits,
        "BitsStored": bits,
        "HighBit": bits - 1,
        "PixelRepresentation": int(values.dtype.kind == "i"),
    }
    dataset.add_new("PixelData", "OW", values.tobytes())
    for keyword, value in {**described, **elements}.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            del dataset[keyword]
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2")
    return dataset


def write_dataset(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def make_dicom(values: NDArray[Any], **elements: Any) -> bytes:
    """Make the bytes of a DICOM file, in explicit little endian."""
    return write_dataset(make_dataset(values, **elements))


def make_series(
    volume: NDArray[Any],
    spacing_mm: float = 2,
    orientation: Sequence[float] = AXIAL,
    **elements: Any,
) -> list[bytes]:
    """Make one file per slice of a volume, shape (slices, H, W), along the normal."""
    normal = np.cross(orientation[:3], orientation[3:])
    return [
        make_dicom(
            values,
            ImageOrientationPatient=list(orientation),
            ImagePositionPatient=(normal * index * spacing_mm).tolist(),
            **{"InstanceNumber": index + 1, **elements},
        )
        for index, values in enumerate(volume)
    ]


def make_nifti(
    values: NDArray[Any], affine: NDArray[Any] | None = None, *, is_packed: bool = False
) -> bytes:
    data: bytes = Nifti1Image(values, np.eye(4) if affine is None else affine).to_bytes()
    return pack(data) if is_packed else data


def pack(data: bytes) -> bytes:
    """Compress as gzip does; the same bytes each time."""
    return gzip.compress(data, 1, mtime=0)


def patch(data: bytes, at: int, form: str, *values: float) -> bytes:
    """Overwrite numbers in a header."""
    patched = bytearray(data)
    struct.pack_into(form, patched, at, *values)
    return bytes(patched)


def make_zip(members: Mapping[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(ZipInfo(name), data, ZIP_DEFLATED)
    return buffer.getvalue()


def make_segmentation(
    masks: NDArray[Any], places: Sequence[int], spacing_mm: float = 2, **elements: Any
) -> bytes:
    """Make a binary DICOM segmentation, shape (frames, H, W), of slices of `make_series`."""
    packed = np.packbits(masks.astype(bool).ravel(), bitorder="little").tobytes()
    dataset = make_dataset(
        masks.astype(np.uint8),
        SOPClassUID=SegmentationStorage,
        SeriesInstanceUID="1.2.9",
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
        PixelData=packed + b"\0" * (len(packed) % 2),
        SharedFunctionalGroupsSequence=make_item(
            PixelMeasuresSequence=make_item(PixelSpacing=[1, 1]),
            PlaneOrientationSequence=make_item(ImageOrientationPatient=list(AXIAL)),
        ),
        PerFrameFunctionalGroupsSequence=DicomSequence(
            make_item(
                PlanePositionSequence=make_item(ImagePositionPatient=[0, 0, place * spacing_mm])
            )[0]
            for place in places
        ),
        **elements,
    )
    dataset.file_meta.MediaStorageSOPClassUID = SegmentationStorage
    return write_dataset(dataset)
