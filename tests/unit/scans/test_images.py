import hashlib
import struct
import time
import zlib
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from tumorscope.errors import InputError
from tumorscope.scans.images import decode_slice, is_image_file, read_slice

LOSSLESS = {".png": "PNG", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"}
COMPRESSIONS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")


def make_gray(height: int = 40, width: int = 48) -> np.ndarray:
    """Noise with a darker middle: a picture in which every pixel, row and column counts."""
    gray = np.random.default_rng(3).integers(0, 256, (height, width), dtype=np.uint8)
    gray[5:-5, 6:-6] //= 2
    gray[0, 0], gray[0, 1] = 0, 255
    return gray


GRAY = make_gray()
RGB = np.stack([GRAY, GRAY[::-1], GRAY[:, ::-1]], axis=-1)


def encode(image: np.ndarray | Image.Image, form: str, **options: object) -> bytes:
    buffer = BytesIO()
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def repeat_gray(gray: np.ndarray) -> np.ndarray:
    return np.repeat(gray[..., np.newaxis], 3, axis=-1)


def make_png(width: int, height: int, depth: int, color_type: int, pixels: bytes) -> bytes:
    """Build a PNG byte by byte, for what Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def make_bmp_header(width: int, height: int) -> bytes:
    return (
        b"BM"
        + struct.pack("<IHHI", 54, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    )


class TestFormats:
    @pytest.mark.parametrize(("suffix", "form"), LOSSLESS.items())
    def test_rgb_is_read_unchanged_from_lossless_formats(self, tmp_path, suffix, form):
        path = tmp_path / f"slice{suffix}"
        path.write_bytes(encode(RGB, form))
        image = read_slice(path)
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, RGB)

    @pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
    def test_gray_is_repeated_in_three_channels(self, form):
        np.testing.assert_array_equal(decode_slice(encode(GRAY, form), "x"), repeat_gray(GRAY))

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "BMP"])
    def test_phantom_is_read_from_every_format(self, phantom_slice, form):
        image = decode_slice(encode(phantom_slice, form), "x")
        assert image.shape == phantom_slice.shape
        assert np.abs(image.astype(int) - phantom_slice).mean() < 5

    @pytest.mark.parametrize("compression", COMPRESSIONS)
    def test_compressed_tiff_is_read_unchanged(self, compression):
        data = encode(RGB, "TIFF", compression=compression)
        np.testing.assert_array_equal(decode_slice(data, "x"), RGB)

    @pytest.mark.parametrize("suffix", [".JPG", ".Png", ".TIFF", ".jpeg", ".bmp"])
    def test_content_decides_not_the_ending(self, tmp_path, suffix):
        path = tmp_path / f"a png{suffix}"
        path.write_bytes(encode(RGB, "PNG"))
        np.testing.assert_array_equal(read_slice(path), RGB)

    @pytest.mark.parametrize("form", ["GIF", "WEBP", "PPM", "TGA"])
    def test_other_format_is_refused_though_its_ending_is_right(self, tmp_path, form):
        path = tmp_path / "slice.png"
        path.write_bytes(encode(RGB, form))
        with pytest.raises(InputError, match=r"slice\.png: content of no known.*DICOM, NIfTI"):
            read_slice(path)

    @pytest.mark.parametrize(
        "name", ["Yüz 1.PNG", "脑 肿瘤.png", "a b  c.png", "%s{}[].png", "опухоль.Png", "tab\t.png"]
    )
    def test_unusual_names_are_read(self, tmp_path, name):
        path = tmp_path / name
        path.write_bytes(encode(RGB, "PNG"))
        np.testing.assert_array_equal(read_slice(path), RGB)


class TestIsImageFile:
    @pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.Png", "a.BMP", "a.tif", "a.b.TIFF"])
    def test_known_endings_in_any_case(self, name):
        assert is_image_file(Path(name))

    @pytest.mark.parametrize("name", ["a.gif", "a", "jpg", ".png", "._a.jpg", "a.png.txt", "a.dcm"])
    def test_others_and_hidden_files_are_not(self, name):
        assert not is_image_file(Path(name))


class TestModes:
    def test_palette_is_looked_up(self):
        picture = Image.fromarray(RGB).quantize(16)
        for form in ("PNG", "BMP", "TIFF"):
            image = decode_slice(encode(picture, form), "x")
            np.testing.assert_array_equal(image, np.asarray(picture.convert("RGB")))

    @pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
    def test_one_bit_becomes_black_and_white(self, form):
        image = decode_slice(encode(Image.fromarray(GRAY > 100), form), "x")
        np.testing.assert_array_equal(image, repeat_gray(np.where(GRAY > 100, 255, 0)))

    @pytest.mark.parametrize("form", ["PNG", "TIFF"])
    def test_transparency_is_laid_over_black(self, form):
        alpha = np.full_like(GRAY, 255)
        alpha[:20] = 0
        expected = RGB.copy()
        expected[:20] = 0
        rgba = np.dstack([RGB, alpha])
        np.testing.assert_array_equal(decode_slice(encode(rgba, form), "x"), expected)
        gray = Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(alpha)])
        expected = repeat_gray(np.where(alpha, GRAY, 0))
        np.testing.assert_array_equal(decode_slice(encode(gray, form), "x"), expected)

    def test_transparent_palette_color_becomes_black(self):
        picture = Image.fromarray(RGB).quantize(8)
        data = encode(picture, "PNG", transparency=0)
        expected = np.asarray(picture.convert("RGB")).copy()
        expected[np.asarray(picture) == 0] = 0
        np.testing.assert_array_equal(decode_slice(data, "x"), expected)

    @pytest.mark.parametrize("form", ["JPEG", "TIFF"])
    def test_cmyk_keeps_light_and_dark(self, form):
        smooth = cv2.GaussianBlur(RGB, (0, 0), 4)
        options = {"quality": 95} if form == "JPEG" else {}
        image = decode_slice(encode(Image.fromarray(smooth).convert("CMYK"), form, **options), "x")
        assert np.abs(image.astype(int) - smooth).mean() < 6


class TestDeepGray:
    @pytest.mark.parametrize("form", ["PNG", "TIFF"])
    def test_16_bit_gray_is_stretched_from_its_minimum_to_its_maximum(self, form):
        deep = GRAY.astype(np.uint16) * 3 + 1000  # as from a 12-bit scanner
        image = decode_slice(encode(deep, form), "x")
        np.testing.assert_array_equal(image, repeat_gray(GRAY))

    def test_big_endian_16_bit_tiff_is_read_alike(self):
        deep = GRAY.astype(np.uint16) * 257
        picture = Image.frombytes("I;16B", deep.shape[::-1], deep.astype(">u2").tobytes())
        data = encode(picture, "TIFF")
        assert data.startswith(b"MM")
        np.testing.assert_array_equal(decode_slice(data, "x"), repeat_gray(GRAY))

    @pytest.mark.parametrize("dtype", [np.int16, np.int32])
    def test_signed_gray_is_stretched(self, dtype):
        signed = GRAY.astype(dtype) * 5 - 600
        data = cv2.imencode(".tif", signed)[1].tobytes()
        np.testing.assert_array_equal(decode_slice(data, "x"), repeat_gray(GRAY))

    @pytest.mark.parametrize(("factor", "offset"), [(1 / 255, 0), (1e30, -1e32), (1e-30, 0)])
    def test_float_tiff_is_stretched_whatever_its_range(self, factor, offset):
        deep = (GRAY * factor + offset).astype(np.float32)
        image = decode_slice(encode(deep, "TIFF"), "x")
        assert np.abs(image.astype(int) - repeat_gray(GRAY)).max() <= 1

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_float_tiff_with_values_that_are_not_finite_is_refused(self, value):
        deep = GRAY.astype(np.float32)
        deep[7, 7] = value
        with pytest.raises(InputError, match=r"s\.tif: holds values that are not finite"):
            decode_slice(encode(deep, "TIFF"), "s.tif")

    def test_full_range_16_bit_rgb_png_is_read_as_its_high_bytes(self):
        rows = (RGB.astype(">u2") * 257).astype(">u2")
        pixels = b"".join(b"\0" + row.tobytes() for row in rows)
        height, width = RGB.shape[:2]
        np.testing.assert_array_equal(
            decode_slice(make_png(width, height, 16, 2, pixels), "x"), RGB
        )

    def test_full_range_16_bit_rgb_tiff_is_read_as_its_high_bytes(self):
        data = cv2.imencode(".tif", RGB[..., ::-1].astype(np.uint16) * 257)[1].tobytes()
        np.testing.assert_array_equal(decode_slice(data, "x"), RGB)

    @pytest.mark.parametrize("suffix", [".png", ".tif"])
    def test_12_bit_rgb_in_16_bits_is_not_read_as_black(self, suffix):
        data = cv2.imencode(suffix, RGB.astype(np.uint16) * 16)[1].tobytes()
        try:
            image = decode_slice(data, "x")
        except InputError:
            return
        assert image.max() > 200

    @pytest.mark.parametrize("deep", [GRAY, GRAY.astype(np.uint16) * 257])
    def test_white_is_zero_tiff_is_not_read_as_its_negative(self, deep):
        data = encode(deep, "TIFF", tiffinfo={262: 0})
        stored = deep if deep.dtype == np.uint16 else 255 - deep  # Pillow inverts 8 bits on writing
        try:
            image = decode_slice(data, "x")
        except InputError:
            return
        assert np.corrcoef(image[..., 0].ravel(), stored.ravel())[0, 1] < -0.99


class TestOrientation:
    @pytest.mark.parametrize("form", ["PNG", "JPEG"])
    def test_nonsense_in_its_place_is_left_out(self, form):
        data, odd = (
            encode(make_gray(64, 64), form, **more) for more in ({}, {"exif": b"Exif\0\0?"})
        )
        np.testing.assert_array_equal(decode_slice(odd, "x"), decode_slice(data, "x"))

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("form", ["PNG", "TIFF"])
    @pytest.mark.parametrize("deep", [False, True], ids=["rgb", "16 bit"])
    def test_slice_is_turned_upright(self, orientation, form, deep):
        upright = GRAY.astype(np.uint16) * 257 if deep else RGB
        turn = {
            1: upright,
            2: upright[:, ::-1],
            3: upright[::-1, ::-1],
            4: upright[::-1],
            5: upright.swapaxes(0, 1),
            6: upright.swapaxes(0, 1)[::-1],
            7: upright.swapaxes(0, 1)[::-1, ::-1],
            8: upright.swapaxes(0, 1)[:, ::-1],
        }
        exif = Image.Exif()
        exif[274] = orientation
        data = encode(np.ascontiguousarray(turn[orientation]), form, exif=exif)
        expected = repeat_gray(GRAY) if deep else RGB
        np.testing.assert_array_equal(decode_slice(data, "x"), expected)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_jpeg_is_turned_as_pillow_turns_it(self, orientation):
        exif = Image.Exif()
        exif[274] = orientation
        data = encode(RGB, "JPEG", exif=exif)
        with Image.open(BytesIO(data)) as picture:
            expected = np.asarray(ImageOps.exif_transpose(picture), int)
        # Two decoders may round differently.
        np.testing.assert_allclose(decode_slice(data, "x"), expected, atol=3)

    @pytest.mark.parametrize("orientation", [0, 9, 255])
    def test_invalid_orientation_is_ignored(self, orientation):
        exif = Image.Exif()
        exif[274] = orientation
        np.testing.assert_array_equal(decode_slice(encode(RGB, "PNG", exif=exif), "x"), RGB)


class TestRefusedByHeader:
    @pytest.mark.parametrize(
        "data",
        [
            make_png(50_000, 50_000, 8, 2, b"x"),
            make_png(9_000, 9_000, 8, 2, b"x"),
            make_bmp_header(50_000, 50_000),
        ],
        ids=["png 2500 M", "png 81 M", "bmp 2500 M"],
    )
    def test_huge_image_is_refused_at_once(self, data):
        start = time.perf_counter()
        with pytest.raises(InputError, match=r"huge\.png"):
            decode_slice(data, "huge.png")
        assert time.perf_counter() - start < 0.5

    def test_image_just_over_the_limit_names_limit_and_size(self):
        with pytest.raises(
            InputError, match=r"huge\.png: 5001 x 5000 px, expected at most 25,000,000 pixels"
        ):
            decode_slice(make_png(5001, 5000, 8, 2, b"x"), "huge.png")

    @pytest.mark.parametrize("side_px", [9_500, 10_000, 13_000, 50_000])
    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    def test_a_huge_image_is_refused(self, side_px):
        with pytest.raises(InputError, match="pixels"):
            decode_slice(make_png(side_px, side_px, 8, 2, b"x"), "huge.png")

    @pytest.mark.parametrize(("height", "width"), [(1, 1), (31, 200), (200, 31)])
    def test_tiny_image_is_refused_with_its_size(self, height, width):
        tiny = encode(make_gray(200, 200)[:height, :width].copy(), "PNG")
        with pytest.raises(
            InputError, match=rf"t\.png: {width} x {height} px, expected at least 32"
        ):
            decode_slice(tiny, "t.png")

    def test_smallest_slice_is_read(self):
        smallest = make_gray(32, 32)
        np.testing.assert_array_equal(
            decode_slice(encode(smallest, "PNG"), "x"), repeat_gray(smallest)
        )

    def test_picture_that_moves_is_refused(self):
        frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1])]
        data = encode(frames[0], "PNG", save_all=True, append_images=frames[1:])
        with pytest.raises(InputError, match=r"s\.png: expected one slice, found several frames"):
            decode_slice(data, "s.png")

    def test_tiff_of_several_pages_is_refused(self):
        page = Image.fromarray(RGB)
        data = encode(page, "TIFF", save_all=True, append_images=[page, page])
        with pytest.raises(InputError, match=r"s\.tif: expected one slice, found several pages"):
            decode_slice(data, "s.tif")

    def test_tiff_that_holds_fewer_rows_than_it_declares_is_refused(self):
        data = bytearray(encode(GRAY, "TIFF"))
        entry = data.index(struct.pack("<HHI", 257, 4, 1)) + 8  # the value of ImageLength
        assert struct.unpack_from("<I", data, entry) == (40,)
        struct.pack_into("<I", data, entry, 4000)
        with pytest.raises(InputError, match=r"s\.tif"):
            decode_slice(bytes(data), "s.tif")


class TestConstant:
    @pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF"])
    @pytest.mark.parametrize("color", ["black", "gray", "white"])
    def test_constant_gray_is_refused(self, form, color):
        data = encode(Image.new("RGB", (64, 64), color), form)
        with pytest.raises(InputError, match=r"c\.png: every pixel has the same value"):
            decode_slice(data, "c.png")

    def test_constant_color_is_refused(self):
        data = encode(Image.new("RGB", (64, 64), "red"), "PNG")
        with pytest.raises(InputError, match=r"c\.png: every pixel has the same value"):
            decode_slice(data, "c.png")

    def test_constant_deep_gray_is_refused(self):
        data = encode(np.full((40, 40), 4000, np.uint16), "PNG")
        with pytest.raises(InputError, match="every pixel has the same value"):
            decode_slice(data, "x")

    def test_fully_transparent_image_is_refused(self):
        data = encode(np.dstack([RGB, np.zeros_like(GRAY)]), "PNG")
        with pytest.raises(InputError, match="every pixel has the same value"):
            decode_slice(data, "x")


class TestUnreadableFiles:
    def test_missing_file_is_named(self, tmp_path):
        with pytest.raises(InputError, match=r"gone\.png: cannot be read: No such file"):
            read_slice(tmp_path / "gone.png")

    def test_folder_is_named(self, tmp_path):
        with pytest.raises(InputError, match=f"{tmp_path.name}: cannot be read: Is a directory"):
            read_slice(tmp_path)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            *((data, "content of no known") for data in (b"", b"\0", b"hello", b"\xff\xd8", b"BM")),
            (b"\x89PNG\r\n\x1a\n", "not a readable .* or remove"),
        ],
    )
    def test_no_image_is_named(self, tmp_path, data, reason):
        path = tmp_path / "no image.png"
        path.write_bytes(data)
        with pytest.raises(InputError, match=rf"no image\.png: {reason}"):
            read_slice(path)

    def test_reason_is_the_same_each_time_and_holds_no_memory_address(self):
        with pytest.raises(InputError) as caught:
            decode_slice(b"hello", "x.png")
        assert "0x" not in str(caught.value)
        assert "BytesIO" not in str(caught.value)

    def test_name_with_a_nul_byte_is_no_crash(self):
        with pytest.raises(InputError, match="cannot be read"):
            read_slice(Path("a\0b.png"))


def make_damage_samples() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[274], exif[271] = 6, "maker"
    samples = {
        "jpeg": encode(RGB, "JPEG", exif=exif),
        "progressive jpeg": encode(GRAY, "JPEG", progressive=True),
        "png": encode(RGB, "PNG", exif=exif),
        "16-bit png": encode(GRAY.astype(np.uint16) * 200, "PNG"),
        "bmp": encode(RGB, "BMP"),
        "palette bmp": encode(Image.fromarray(RGB).quantize(16), "BMP"),
        "fax tiff": encode(Image.fromarray(GRAY > 100), "TIFF", compression="group4"),
    }
    for compression in COMPRESSIONS:
        samples[f"{compression} tiff"] = encode(RGB, "TIFF", exif=exif, compression=compression)
    return samples


SAMPLES = make_damage_samples()


def decode_or_refuse(data: bytes) -> np.ndarray | None:
    """Give the slice, or None where the file is refused by its name."""
    try:
        return decode_slice(data, "damaged.png")
    except InputError as error:
        message = str(error)
    assert message.startswith("damaged.png: ")
    return None


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES)
class TestDamage:
    def test_truncated_file_is_refused_or_complete_wherever_it_is_cut(self, data):
        whole = decode_slice(data, "whole.png")
        cuts = {
            *range(0, len(data), 37),
            *range(min(200, len(data))),
            *range(len(data) - 40, len(data)),
        }
        for cut in sorted(cuts):
            image = decode_or_refuse(data[:cut])
            if image is not None:
                np.testing.assert_array_equal(image, whole, err_msg=f"cut at {cut}")

    @pytest.mark.slow
    @settings(max_examples=60, deadline=None)
    @given(drawn=st.data())
    def test_flipped_bytes_raise_nothing_but_an_input_error(self, data, drawn):
        damaged = bytearray(data)
        positions = st.one_of(
            st.integers(0, min(255, len(data) - 1)), st.integers(0, len(data) - 1)
        )
        for position in drawn.draw(st.lists(positions, min_size=1, max_size=4)):
            damaged[position] = drawn.draw(st.integers(0, 255))
        image = decode_or_refuse(bytes(damaged))
        if image is not None:
            assert image.dtype == np.uint8
            assert image.ndim == 3


def test_a_file_with_other_bytes_than_were_recorded_is_refused(tmp_path):
    for value in (1, 2):
        pixels = np.full((40, 40), value, np.uint8)
        pixels[0, 0] = 255
        Image.fromarray(pixels).save(tmp_path / f"{value}.png")
    recorded = hashlib.sha256((tmp_path / "1.png").read_bytes()).hexdigest()
    np.testing.assert_array_equal(
        read_slice(tmp_path / "1.png", recorded), read_slice(tmp_path / "1.png")
    )
    with pytest.raises(InputError, match=r"2\.png: changed since it was recorded .*; put back"):
        read_slice(tmp_path / "2.png", recorded)
