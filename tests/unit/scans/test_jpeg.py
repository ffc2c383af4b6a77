import time
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hostile import encode_many_scans
from tumorscope.errors import InputError
from tumorscope.scans.images import decode_slice
from tumorscope.scans.jpeg import check_scans, decode_jpeg, measure_jpeg

NOISE = np.random.default_rng(5).integers(0, 256, (90, 130, 3), dtype=np.uint8)


def encode(image: np.ndarray | Image.Image, **options: object) -> bytes:
    buffer = BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


class TestMeasureJpeg:
    @pytest.mark.parametrize("image", [NOISE, NOISE[..., 0]], ids=["color", "gray"])
    def test_gives_height_and_width(self, image):
        assert measure_jpeg(encode(image)) == (90, 130)

    def test_of_four_inks_or_turned_by_exif_is_not_ordinary(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        assert measure_jpeg(encode(Image.fromarray(NOISE).convert("CMYK"))) is None
        assert measure_jpeg(encode(NOISE, exif=exif)) is None

    @pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0" + bytes(99), b"BM"])
    def test_what_is_no_jpeg_is_not_ordinary(self, data):
        assert measure_jpeg(data) is None


def decode_by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


class TestDecodeJpeg:
    @pytest.mark.parametrize(
        "options",
        [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 20}, {"keep_rgb": True}],
        ids=str,
    )
    @pytest.mark.parametrize(
        "image",
        [NOISE[..., 0], np.repeat(NOISE[..., :1], 3, axis=-1)],
        ids=["one channel", "three channels"],
    )
    def test_decodes_gray_as_pillow_does(self, image, options):
        data = encode(image, **options)
        np.testing.assert_array_equal(decode_jpeg(data, 90, 130), decode_by_pillow(data))

    @pytest.mark.parametrize("options", [{"subsampling": 0}, {"keep_rgb": True}], ids=str)
    def test_decodes_color_of_full_size_as_pillow_does(self, options):
        data = encode(NOISE, **options)
        np.testing.assert_array_equal(decode_jpeg(data, 90, 130), decode_by_pillow(data))

    def test_decodes_reduced_color_nearly_as_pillow_does(self):
        smooth = np.linspace(0, 255, 90 * 130 * 3).astype(np.uint8).reshape(3, 90, 130)
        data = encode(np.ascontiguousarray(smooth.transpose(1, 2, 0)))
        decoded, expected = decode_jpeg(data, 90, 130), decode_by_pillow(data)
        assert decoded is not None
        assert np.abs(decoded.astype(int) - expected).max() < 16

    @pytest.mark.parametrize("factor", [2, 4, 8])
    def test_a_smaller_picture_is_decoded_where_less_is_asked_for(self, factor):
        smooth = np.repeat(np.linspace(0, 255, 160, dtype=np.uint8)[np.newaxis], 96, axis=0)
        decoded = decode_jpeg(encode(smooth), 96 // factor, 160 // factor)
        assert decoded is not None
        assert decoded.shape == (96 // factor, 160 // factor, 3)
        assert np.abs(decoded[..., 0].astype(int) - smooth[::factor, ::factor]).max() < 12

    @given(st.integers(0, 2**32))
    def test_a_file_that_ends_early_is_damaged(self, number):
        data = encode(NOISE)
        assert decode_jpeg(data[: len(data) // 3 + number % (len(data) // 2)], 90, 130) is None


def test_a_damaged_picture_is_read_or_refused_as_pillow_reads_it():
    data = bytearray(encode(NOISE))
    data[len(data) // 2] ^= 0x55
    assert decode_jpeg(bytes(data), 90, 130) is None
    expected = np.asarray(Image.open(BytesIO(data)))
    np.testing.assert_array_equal(decode_slice(bytes(data), "x"), expected)


def test_a_picture_of_too_many_scans_is_refused_before_it_is_decoded():
    started = time.perf_counter()
    with pytest.raises(
        InputError, match=r"s\.jpg: a JPEG picture of 10,00\d scans, expected at most"
    ):
        decode_slice(encode_many_scans(10_000), "s.jpg")
    assert time.perf_counter() - started < 5


def test_a_progressive_picture_has_few_enough_scans():
    check_scans(encode(NOISE, progressive=True))
