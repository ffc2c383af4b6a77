import gzip
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from scan_files import make_dicom, make_nifti, make_zip
from tumorscope.scans.formats import Format, recognize_format

DICOM = make_dicom(np.arange(1600, dtype=np.uint16).reshape(40, 40))
NIFTI = make_nifti(np.arange(8.0, dtype=np.float32).reshape(2, 2, 2))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "TIFF"])
def test_image_is_recognized(form):
    buffer = BytesIO()
    Image.new("L", (40, 40)).save(buffer, form)
    assert recognize_format(buffer.getvalue()[:1024]) is Format.IMAGE


@pytest.mark.parametrize(
    "data",
    [DICOM, DICOM[132:], DICOM[144 + int.from_bytes(DICOM[140:144], "little") :]],
    ids=["with preamble", "without preamble", "without meta information"],
)
def test_dicom_is_recognized(data):
    assert recognize_format(data[:1024]) is Format.DICOM


def test_dicom_without_preamble_in_other_encodings_is_recognized():
    assert recognize_format(b"\x08\0\x05\0\x0a\0\0\0ISO_IR 100") is Format.DICOM
    assert recognize_format(b"\0\x08\0\x05CS\0\x0aISO_IR 100") is Format.DICOM


def test_dicom_whose_preamble_is_a_tiff_header_is_dicom():
    assert recognize_format(b"II*\0" + DICOM[4:1024]) is Format.DICOM


@pytest.mark.parametrize("data", [NIFTI, gzip.compress(NIFTI, mtime=0)], ids=["plain", "gzip"])
def test_nifti_is_recognized(data):
    assert recognize_format(data[:1024]) is Format.NIFTI


def test_zip_is_recognized():
    assert recognize_format(make_zip({"a": b"b"})) is Format.ZIP
    assert recognize_format(make_zip({})) is Format.ZIP


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0" * 1024,
        b"path,label\n",
        b"BMI,age,label\n27,50,yes\n",
        b"%PDF-1.7",
        b"GIF89a",
        gzip.compress(b"text", mtime=0),
    ],
)
def test_others_are_not(head):
    assert recognize_format(head) is None
