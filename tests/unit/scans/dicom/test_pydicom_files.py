"""All files with pixel data that pydicom ships are decoded, or it is said why not."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

from tumorscope.errors import InputError
from tumorscope.scans.dicom import pixels
from tumorscope.scans.dicom.file import open_dicom
from tumorscope.scans.dicom.pixels import count_frames, decode_frame
from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import refusing
from tumorscope.scans.stored_file import store_path

FOLDER = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = sorted(
    path
    for path in FOLDER.rglob("*")
    if path.is_file() and path.suffix not in (".txt", ".icc", ".dump", ".gz", ".py", ".dcs")
)
# What holds pixel data and is not decoded, and why.
NOT_DECODED = {
    "JPEG-lossy.dcm": "compressed frame cannot be decoded",  # its JPEG breaks the standard
    "JPEG2000-embedded-sequence-delimiter.dcm": "tiles",  # a delimiter cuts its codestream
    "MR_truncated.dcm": "truncated",
    "badVR.dcm": "its NumberOfFrames is no number",
    "meta_missing_tsyntax.dcm": "0 x 0 px",  # two bytes and no size
    "nested_priv_SQ.dcm": "0 x 0 px",  # two bytes and no size
}


def decode(path: Path) -> str:
    """Decode all frames, small ones, too, which are no slices; give what went wrong."""
    try:
        with refusing("DICOM file"), open_dicom(store_path(path)) as dicom:
            frames = count_frames(dicom)
            for index in range(frames):
                decode_frame(dicom, index, frames)
    except InputError as error:
        return str(error)
    return ""


@pytest.fixture(autouse=True)
def _read_small_frames(monkeypatch):
    monkeypatch.setattr("tumorscope.scans.gray.MINIMUM_SIDE_PX", 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_file_of_pydicom_is_decoded_or_the_reason_is_known(path):
    reason = decode(path)
    if path.name in NOT_DECODED:
        assert NOT_DECODED[path.name] in reason
    else:
        assert not reason or reason.startswith("holds no image")


@pytest.mark.slow
def test_as_many_files_are_decoded_as_hold_pixel_data():
    assert sum(not decode(path) for path in FILES) >= 89


@pytest.mark.parametrize(
    "name",
    [
        *(
            "MR_small_RLE.dcm",
            "MR_small_bigendian.dcm",
            "MR_small_expb.dcm",
            "MR_small_implicit.dcm",
        ),
        *("MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm"),
    ],
)
def test_every_lossless_encoding_of_a_slice_gives_the_same_values(name):
    values = []
    for file in ("MR_small.dcm", name):
        with open_dicom(store_path(FOLDER / file)) as dicom:
            values.append(decode_frame(dicom, 0, count_frames(dicom)))
    np.testing.assert_array_equal(*values)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.name.startswith(("SC_", "color", "US", "gdcm", "examples"))],
    ids=lambda path: path.name,
)
def test_frames_are_what_pydicom_itself_decodes(path):
    with quiet():
        expected = pydicom.dcmread(path, force=True).pixel_array
    with open_dicom(store_path(path)) as dicom:
        frames = count_frames(dicom)
        values = np.stack([decode_frame(dicom, index, frames) for index in range(frames)])
    np.testing.assert_array_equal(values, expected.reshape(values.shape))


def test_without_the_optional_decoder_what_it_would_read_is_refused_with_its_name(monkeypatch):
    monkeypatch.setattr(pixels, "_PLUGINS", ("pydicom", "pillow"))
    monkeypatch.setattr(pixels, "find_spec", lambda _: None)
    for name in ("MR_small_jpeg_ls_lossless.dcm", "JPGExtended.dcm"):
        assert decode(FOLDER / name).endswith("pip install '.[dicom-gpl]'"), name
    assert decode(FOLDER / "MR_small_RLE.dcm") == ""
    assert decode(FOLDER / "SC_rgb_jpeg_dcmtk.dcm") == ""
    assert "dicom-gpl" not in decode(FOLDER / "MR_truncated.dcm")
