import re
import struct
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataelem import RawDataElement
from pydicom.encaps import encapsulate
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    RLELossless,
)

from scan_files import make_dataset, make_dicom, make_item, patch, write_dataset
from tumorscope.errors import InputError
from tumorscope.scans.dicom import pixels
from tumorscope.scans.dicom.file import open_dicom
from tumorscope.scans.dicom.pixels import count_frames, decode_frame
from tumorscope.scans.find import find_scans
from tumorscope.scans.scan import Scan, Unreadable
from tumorscope.scans.stored_file import StoredFile, store_path

RAMP = np.arange(1600, dtype=np.uint16).reshape(40, 40)


def tell(path: Path) -> Iterator[str]:
    """Give all that is said of a file, and all names in it."""
    for found in find_scans(path):
        yield str(found)
        if isinstance(found, Scan):
            try:
                yield str(list(found.read()))
            except InputError as error:
                yield str(error)


class TestEncodings:
    @pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
    @pytest.mark.parametrize("frames", [1, 3])
    def test_lossless_compression_changes_nothing(self, read, syntax, frames):
        values = np.stack([RAMP, RAMP[::-1], RAMP.T][:frames])[0 if frames == 1 else slice(None)]
        dataset = make_dataset(np.ascontiguousarray(values))
        plain = read(write_dataset(dataset))
        dataset.compress(syntax)
        compressed = read(write_dataset(dataset))
        assert len(plain) == len(compressed) == frames
        for first, second in zip(plain, compressed, strict=True):
            np.testing.assert_array_equal(first.image, second.image)

    @pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
    def test_other_uncompressed_encodings_are_read(self, read, syntax):
        dataset = make_dataset(RAMP)
        (expected,) = read(write_dataset(dataset))
        dataset.file_meta.TransferSyntaxUID = syntax
        (given,) = read(write_dataset(dataset))
        np.testing.assert_array_equal(given.image, expected.image)

    def test_file_without_preamble_is_read(self, read):
        data = make_dicom(RAMP)
        start = 144 + int.from_bytes(data[140:144], "little")
        for cut in (132, start):
            (given,) = read(data[cut:])
            np.testing.assert_array_equal(given.image, read(data)[0].image)

    def test_color_is_kept(self, read, gray_hw):
        color = np.stack([gray_hw, gray_hw[::-1], gray_hw // 2], axis=-1)
        np.testing.assert_array_equal(read(make_dicom(color))[0].image, color)


class TestFrames:
    VOLUME = np.stack([RAMP, RAMP + 500, RAMP + 1000])

    def test_frames_are_named_by_their_number_and_belong_to_the_file(self, read):
        slices = read(make_dicom(self.VOLUME), name="multi.dcm")
        assert [given.name[-13:] for given in slices] == [f"multi.dcm#00{i}" for i in range(3)]
        assert {given.series[-9:] for given in slices} == {"multi.dcm"}

    def test_frames_with_positions_are_ordered_by_them(self, read):
        groups = [
            make_item(PlanePositionSequence=make_item(ImagePositionPatient=[0, 0, z]))[0]
            for z in (5, -5, 0)
        ]
        shared = make_item(
            PlaneOrientationSequence=make_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
            FrameVOILUTSequence=make_item(WindowCenter=1300, WindowWidth=2600),
        )
        slices = read(
            make_dicom(
                self.VOLUME,
                PerFrameFunctionalGroupsSequence=groups,
                SharedFunctionalGroupsSequence=shared,
            )
        )
        assert [given.name[-3:] for given in slices] == ["001", "002", "000"]
        assert [given.index for given in slices] == [0, 1, 2]
        assert slices[0].image.mean() < slices[1].image.mean()  # one window for all

    def test_without_a_window_one_holds_for_all_frames(self, read):
        slices = read(make_dicom(self.VOLUME))
        assert [bool(given.image.min()) for given in slices] == [False, True, True]
        assert slices[0].image.max() < slices[2].image.max() == 255


class TestOptional:
    """Elements that are nonsense: text where numbers belong."""

    PLAIN = make_dataset(RAMP)

    @staticmethod
    def spoil(keyword: str, vr: str, text: bytes = b"Secret") -> bytes:
        """Replace an element, or add it, in the bytes of a file."""
        tag = Tag(keyword)
        dataset = make_dataset(RAMP)
        dataset[tag] = RawDataElement(tag, vr, len(text), text, 0, False, True)
        with warnings.catch_warnings(action="ignore"):
            return write_dataset(dataset)

    @pytest.mark.parametrize(
        ("keyword", "vr"),
        [
            *(("WindowCenter", "DS"), ("WindowWidth", "DS"), ("InstanceNumber", "IS")),
            *(("PixelSpacing", "DS"), ("PixelAspectRatio", "IS"), ("EchoTime", "DS")),
            *(("ImagePositionPatient", "DS"), ("ImageOrientationPatient", "DS")),
            ("SeriesNumber", "IS"),
        ],
    )
    def test_what_a_picture_can_do_without_is_left_out(self, read, keyword, vr):
        (expected,) = read(write_dataset(self.PLAIN))
        (given,) = read(self.spoil(keyword, vr))
        np.testing.assert_array_equal(given.image, expected.image)

    @pytest.mark.parametrize(
        ("keyword", "vr"),
        [("RescaleSlope", "DS"), ("RescaleIntercept", "DS"), ("PixelPaddingValue", "LO")],
    )
    def test_what_changes_values_is_refused_by_its_name(self, read, keyword, vr):
        with pytest.raises(InputError, match=rf"scan: its {keyword} is no number$"):
            read(self.spoil(keyword, vr))

    @pytest.mark.parametrize("keyword", ["Rows", "BitsStored", "PixelRepresentation"])
    def test_what_describes_the_pixels_is_refused_by_its_name(self, tmp_path, keyword):
        (tmp_path / "IM1").write_bytes(self.spoil(keyword, "LO"))
        (found,) = find_scans(tmp_path / "IM1")
        assert found.reason == f"its {keyword} is no number"


def test_mosaic_is_refused_by_its_name(tmp_path):
    path = tmp_path / "IM1"
    path.write_bytes(make_dicom(RAMP, ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"]))
    (found,) = find_scans(path)
    assert found.reason.startswith("a Siemens mosaic")


def make_deep_jpeg(gray_hw: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Make a JPEG frame of 12 bits and what it decodes to.

    The coefficients are those of an ordinary JPEG; only the middle gray, which they say nothing
    of, is another: 2048 in place of 128 (ITU-T T.81, A.3.1).
    """
    stream = BytesIO()
    Image.fromarray(gray_hw).save(stream, "JPEG", quality=95)
    frame = bytearray(stream.getvalue())
    at = frame.index(b"\xff\xc0")
    frame[at + 1], frame[at + 4] = 0xC1, 12
    decoded = np.asarray(Image.open(stream), np.int64)
    return bytes(frame), decoded - 128 + 2048


@pytest.fixture
def deep_jpeg(tmp_path) -> tuple[StoredFile, np.ndarray]:
    rows, columns = np.mgrid[:64, :64]
    frame, decoded = make_deep_jpeg((128 + 50 * np.sin(rows / 9) + columns / 2).astype(np.uint8))
    dataset = make_dataset(decoded.astype(np.uint16), BitsStored=12, HighBit=11)
    dataset.file_meta.TransferSyntaxUID = JPEGExtended12Bit
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    (tmp_path / "IM1").write_bytes(write_dataset(dataset))
    return store_path(tmp_path / "IM1"), decoded


class TestJpegOf12Bits:
    def test_is_decoded(self, deep_jpeg):
        file, decoded = deep_jpeg
        with open_dicom(file) as dicom:
            values = decode_frame(dicom, 0, count_frames(dicom))
        np.testing.assert_allclose(values, decoded, atol=1)

    def test_is_named_where_no_decoder_reads_it(self, deep_jpeg, monkeypatch):
        monkeypatch.setattr(pixels, "_PLUGINS", ("pydicom", "pillow"))
        monkeypatch.setattr(pixels, "find_spec", lambda _: None)
        file, _ = deep_jpeg
        with (
            open_dicom(file) as dicom,
            pytest.raises(InputError, match=r"cannot be decoded .JPEG of 12 bits.; one under GPL"),
        ):
            decode_frame(dicom, 0, count_frames(dicom))


class TestRefused:
    @pytest.mark.parametrize(
        ("elements", "reason"),
        [
            ({"Rows": 50_000, "Columns": 50_000}, "expected at most 16,000,000 pixels"),
            ({"Rows": 41}, "truncated: holds 3,200 bytes of pixel data of 3,280"),
            ({"NumberOfFrames": 2_000}, "truncated"),
            ({"NumberOfFrames": 2_000_000_000}, "expected at most 2,000"),
            ({"Rows": None}, "40 x 0 px, expected at least 32"),
            ({"PixelData": None}, "holds no image .MR Image Storage."),
            ({"BitsAllocated": 12}, "of 12 bits each"),
        ],
    )
    def test_header_that_cannot_be_true(self, tmp_path, elements, reason):
        path = tmp_path / "IM1"
        path.write_bytes(make_dicom(RAMP, **elements))
        (found,) = find_scans(path)
        assert isinstance(found, Unreadable)
        assert found.name == str(path)
        assert re.search(reason, found.reason)

    def test_constant_lone_image(self, read):
        with pytest.raises(InputError, match=r"scan: every pixel has the same value"):
            read(make_dicom(np.full((40, 40), 7, np.uint16)))

    def test_codestream_of_another_size_than_the_header_says(self, read):
        dataset = make_dataset(RAMP)
        dataset.compress(JPEG2000Lossless)
        dataset.Rows = 39
        with pytest.raises(InputError, match="compressed frame is of 40 x 40 px"):
            read(write_dataset(dataset))

    @pytest.mark.parametrize(
        ("items", "reason"),
        [
            ([bytes(4000), b"frame "], "more parts than any scanner writes"),
            ([b""] * 100_002, "more parts than any scanner writes"),
            ([b""], "declares 1 frames, holds 0"),
            ([b"", b"frame "], "starts as no JPEG"),
        ],
    )
    def test_frames_in_absurd_parts(self, tmp_path, items, reason):
        dataset = make_dataset(RAMP)
        dataset.compress(JPEG2000Lossless)
        dataset.PixelData = b"".join(
            b"\xfe\xff\x00\xe0" + struct.pack("<I", len(item)) + item for item in items
        )
        (tmp_path / "IM1").write_bytes(write_dataset(dataset))
        assert reason in " ".join(tell(tmp_path / "IM1"))

    def test_more_elements_than_any_scanner_writes(self, tmp_path):
        data = make_dicom(RAMP)
        at = data.index(b"\x28\0\x02\0US")
        empty = b"".join(struct.pack("<HH2sH", 0x21, 0x1000 + n, b"LO", 0) for n in range(50_000))
        (tmp_path / "IM1").write_bytes(data[:at] + empty + data[at:])
        assert "holds more than 50,000 elements" in " ".join(tell(tmp_path / "IM1"))

    def test_encoding_that_is_no_known_one_is_not_repeated(self, read):
        data = make_dicom(RAMP).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.Secret.99.1\0")
        with pytest.raises(InputError, match=r"its encoding is none that holds slices$"):
            read(data)

    @pytest.mark.slow
    def test_no_error_or_name_holds_what_identifies_the_patient(self, tmp_path):
        data = make_dicom(RAMP, RequestingPhysician="Secret^Physician")
        path = tmp_path / "IM1"
        damaged = [data[:cut] for cut in range(0, len(data), 50)]
        for at in range(132, data.index(b"\xe0\x7f\x10\0")):
            damaged += [patch(data, at, "<B", data[at] ^ bits) for bits in (0x01, 0x60)]
        for content in damaged:
            path.write_bytes(content)
            assert "ecret" not in " ".join(tell(path))
