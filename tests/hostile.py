"""Hostile files made from good images, the same ones for the same seed."""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

from scan_files import make_dataset, make_dicom, make_nifti, make_zip, pack, patch, write_dataset

Random = np.random.Generator
Gray = NDArray[np.uint8]
ENDINGS = (".jpg", ".png", ".tif", ".bmp", ".dcm", ".nii", ".nii.gz", ".zip", "", ".exe", ".JPEG")
ABSURD_ELEMENTS: tuple[dict[str, object], ...] = (
    *({keyword: None} for keyword in ("Rows", "Columns", "BitsAllocated", "PixelData")),
    *(
        {keyword: None}
        for keyword in ("BitsStored", "PhotometricInterpretation", "SamplesPerPixel")
    ),
    *({keyword: None} for keyword in ("PixelRepresentation", "SeriesInstanceUID")),
    {"Rows": 65_535, "Columns": 65_535},
    {"Rows": 0},
    {"Rows": 1, "Columns": 1},
    {"NumberOfFrames": 2_000_000_000},
    {"NumberOfFrames": -7},
    {"BitsAllocated": 13},
    {"BitsStored": 60_000},
    {"SamplesPerPixel": 77},
    {"SamplesPerPixel": 3},
    {"PhotometricInterpretation": "PALETTE COLOR"},
    {"PhotometricInterpretation": "NONSENSE"},
    {"WindowCenter": 1e300, "WindowWidth": 1e-300},
    {"WindowCenter": [], "WindowWidth": -5},
    {"RescaleSlope": 0, "RescaleIntercept": 1e38},
    {"RescaleSlope": 1e38, "RescaleIntercept": -1e38},
    {"PixelSpacing": [1e-30, 1e30]},
    {"PixelSpacing": [0, 0]},
    {"PixelAspectRatio": [1, 2_000_000_000]},
    {"ImagePositionPatient": [1e300, 0, 0], "ImageOrientationPatient": [0] * 6},
    {"ImagePositionPatient": [1], "ImageOrientationPatient": [1, 2, 3]},
    {"InstanceNumber": 2_147_483_647},
    {"PixelPaddingValue": 0},
)
_ZEROS = 16 * 1024**2
MEMBER_NAMES = (
    *("../../../etc/cron.d/scan", "/etc/passwd", "C:\\windows\\scan", "..\\..\\scan", "a/../../b"),
    *("//server/share/scan", "scan\n\x1b[31mred", "." * 300, "脑/скан", "a" * 4000, "con", "-rf"),
)


def make_hostile_files(
    images: Sequence[Gray], count: int, seed: int
) -> Iterator[tuple[str, bytes]]:
    """Make names and contents of hostile files.

    Parameters
    ----------
    images
        Good slices, shape (H, W), uint8.
    count
        How many files; the kinds take turns.
    seed
        Decides all of them.
    """
    random = np.random.default_rng(seed)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        gray = images[int(random.integers(len(images)))]
        ending, data = kind(gray, random)
        yield f"{number:04d}-{kind.__name__.strip('_')}{ending}", data


def list_good_files(gray: Gray) -> dict[str, Callable[[], bytes]]:
    """Give for each way to store a slice the function that does, by an ending of the name."""
    deep = gray.astype(np.uint16) * 13
    volume = np.stack([deep, deep // 2, deep], axis=-1)
    return {
        ".jpg": lambda: _encode(gray, "JPEG"),
        ".png": lambda: _encode(gray, "PNG"),
        ".tif": lambda: _encode(gray, "TIFF"),
        ".bmp": lambda: _encode(gray, "BMP"),
        ".dcm": lambda: make_dicom(deep, InstanceNumber=5),
        ".nii": lambda: make_nifti(volume),
        ".nii.gz": lambda: make_nifti(volume.astype(np.float32), is_packed=True),
        ".zip": lambda: make_zip({"a/scan.jpg": _encode(gray, "JPEG"), "a/IM1": make_dicom(deep)}),
        "-jpeg.dcm": lambda: make_compressed_dicom(gray, JPEGBaseline8Bit),
        "-j2k.dcm": lambda: make_compressed_dicom(gray, JPEG2000Lossless),
        "-rle.dcm": lambda: make_compressed_dicom(gray, RLELossless),
    }


def make_compressed_dicom(gray: Gray, syntax: str) -> bytes:
    # An instance of its own: the same one in another encoding is a copy.
    dataset = make_dataset(gray, ImageComments=syntax)
    if syntax == JPEGBaseline8Bit:  # pydicom has no encoder for it
        dataset.PixelData = encapsulate([_encode(gray, "JPEG")])
        dataset["PixelData"].VR = "OB"
    else:
        dataset.compress(syntax, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = syntax
    return write_dataset(dataset)


def _encode(gray: Gray, form: str) -> bytes:
    buffer = BytesIO()
    Image.fromarray(gray).save(buffer, form)
    return buffer.getvalue()


def _draw_good(gray: Gray, random: Random) -> tuple[str, bytes]:
    good = list(list_good_files(gray).items())
    ending, make = good[int(random.integers(len(good)))]
    return ending, make()


def _truncated(gray: Gray, random: Random) -> tuple[str, bytes]:
    ending, data = _draw_good(gray, random)
    return ending, data[: int(random.integers(len(data)))]


def _flipped(gray: Gray, random: Random) -> tuple[str, bytes]:
    ending, data = _draw_good(gray, random)
    damaged = bytearray(data)
    for _ in range(int(random.integers(1, 30))):
        limit = len(data) if random.random() < 0.5 else min(1500, len(data))
        damaged[int(random.integers(limit))] = int(random.integers(256))
    return ending, bytes(damaged)


def _zeroed(gray: Gray, random: Random) -> tuple[str, bytes]:
    ending, data = _draw_good(gray, random)
    start, stop = sorted(random.integers(len(data), size=2).tolist())
    return ending, data[:start] + bytes(stop - start) + data[stop:]


def _misnamed(gray: Gray, random: Random) -> tuple[str, bytes]:
    return str(random.choice(ENDINGS)), _draw_good(gray, random)[1]


def _empty(gray: Gray, random: Random) -> tuple[str, bytes]:
    return str(random.choice(ENDINGS)), bytes(int(random.integers(0, 5)))


def _noise(gray: Gray, random: Random) -> tuple[str, bytes]:
    start = _draw_good(gray, random)[1][: int(random.integers(0, 400))]
    return str(random.choice(ENDINGS)), start + random.bytes(int(random.integers(1, 5000)))


def _huge(gray: Gray, random: Random) -> tuple[str, bytes]:
    """Declare 50,000 x 50,000 pixels, or a volume of that side, and hold next to none."""
    side = 50_000
    png = _encode(gray, "PNG")
    header = struct.pack(">II", side, side) + png[24:29]
    jpeg = _encode(gray, "JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    tiff = _encode(gray, "TIFF")
    width, height = (tiff.index(struct.pack("<HHI", tag, 4, 1)) for tag in (256, 257))
    j2k = make_compressed_dicom(gray, JPEG2000Lossless)
    nifti = make_nifti(gray[..., np.newaxis].astype(np.int16))
    files = [
        (".png", png[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + png[33:]),
        (".jpg", patch(jpeg, frame, ">HH", side, side)),
        (".bmp", patch(_encode(gray, "BMP"), 18, "<ii", side, side)),
        (".tif", patch(patch(tiff, width + 8, "<I", side), height + 8, "<I", side)),
        (".dcm", make_dicom(gray, Rows=side, Columns=side)),
        (".dcm", patch(j2k, j2k.index(b"\xff\x4f\xff\x51") + 8, ">II", side, side)),
        (".nii", patch(nifti, 40, "<8h", 3, 32_000, 32_000, 32_000, 1, 1, 1, 1)),
        (".nii.gz", pack(patch(nifti, 40, "<8h", 3, 500, 500, 1000, 1, 1, 1, 1))),
    ]
    return files[int(random.integers(len(files)))]


def _bomb(gray: Gray, random: Random) -> tuple[str, bytes]:
    """Pack a lot of zeros, or of work, into little: gzip, zips, a DICOM file, a PNG, a JPEG."""
    header = patch(make_nifti(gray.astype(np.int16)), 40, "<8h", 3, 500, 500, 800, 1, 1, 1, 1)
    nested = make_zip({"scan.png": _encode(gray, "PNG")})
    for _ in range(int(random.integers(1, 40))):
        nested = make_zip({"next.zip": nested})
    deflated = make_dataset(gray)
    plain = write_dataset(deflated)
    start = 144 + int.from_bytes(plain[140:144], "little")
    syntax = b"1.2.840.10008.1.2.1.99"
    meta = (
        plain[:start]
        .replace(b"1.2.840.10008.1.2.1\0", syntax)
        .replace(b"UI\x14\0" + syntax, b"UI\x16\0" + syntax)
    )
    meta = patch(meta, 140, "<I", len(meta) - 144)
    files: list[Callable[[], tuple[str, bytes]]] = [
        lambda: (".nii.gz", pack(header) + _pack_zeros() * 16),
        lambda: (".zip", _zip_zeros()),
        lambda: (".zip", nested),
        lambda: (".dcm", meta + _deflate_with_zeros(plain[start:])),
        lambda: (".png", _encode_large()),
        lambda: (".jpg", encode_many_scans(10_000)),
        lambda: (".zip", patch(nested, len(nested) - 22 + 8, "<HH", 65_535, 65_535)),
    ]
    return files[int(random.integers(len(files)))]()


@cache
def _pack_zeros() -> bytes:
    return pack(bytes(_ZEROS))


@cache
def _zip_zeros() -> bytes:
    return make_zip({f"{n}.png": bytes(_ZEROS) for n in range(20)})


@cache
def _encode_large() -> bytes:
    """Nearly nothing in as many pixels as are read, of the kind that takes the most memory."""
    buffer = BytesIO()
    large = Image.new("RGBA", (5000, 5000), (5, 6, 7, 100))
    large.putpixel((3, 3), (200, 200, 200, 200))
    large.save(buffer, "PNG")
    return buffer.getvalue()


@cache
def encode_many_scans(count: int) -> bytes:
    """Go over many pixels again and again, with a few bytes each time."""
    buffer = BytesIO()
    Image.new("L", (5000, 4990), 90).save(buffer, "JPEG", progressive=True)
    jpeg = buffer.getvalue()
    scan = jpeg.index(b"\xff\xda", jpeg.index(b"\xff\xda") + 2)
    following = jpeg.index(b"\xff\xda", scan + 2)
    return jpeg[:scan] + jpeg[scan:following] * count + jpeg[following:]


def _deflate_with_zeros(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    start = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(_ZEROS)) + packer.flush(zlib.Z_FULL_FLUSH)  # can be repeated
    return start + zeros * 12 + packer.flush()


def _tricky_path(gray: Gray, random: Random) -> tuple[str, bytes]:
    """Hold a good slice under a name that leads out of the archive."""
    return ".zip", make_zip({str(random.choice(MEMBER_NAMES)): _encode(gray, "PNG")})


def _absurd_dicom(gray: Gray, random: Random) -> tuple[str, bytes]:
    elements = ABSURD_ELEMENTS[int(random.integers(len(ABSURD_ELEMENTS)))]
    return ".dcm", make_dicom(gray.astype(np.uint16) * 13, **elements)


def _absurd_nifti(gray: Gray, random: Random) -> tuple[str, bytes]:
    volume = np.stack([gray, gray], axis=-1).astype(np.float32)
    holed = volume.copy()
    holed[random.random(holed.shape) < 0.2] = random.choice([np.nan, np.inf, -np.inf])
    good = make_nifti(volume)
    files = [
        make_nifti(holed),
        make_nifti(np.full_like(volume, np.nan)),
        make_nifti(np.zeros_like(volume)),
        make_nifti(volume * np.float32(1e36)),
        patch(good, 280, "<12f", *[float("nan")] * 12),
        patch(good, 280, "<12f", *[0] * 12),
        patch(good, 40, "<8h", 3, -5, 40, 2, 1, 1, 1, 1),
        patch(good, 40, "<8h", -1, 5, 40, 2, 1, 1, 1, 1),
        patch(good, 40, "<8h", 7, *[30_000] * 7),
        patch(good, 40, "<8h", 0, *[0] * 7),
        patch(good, 70, "<h", 9999),
        patch(good, 70, "<h", 32),
        patch(good, 70, "<h", 128),
        patch(good, 108, "<f", float("nan")),
        patch(good, 108, "<f", 1e30),
        patch(good, 108, "<f", -9),
        patch(good, 112, "<ff", float("nan"), float("inf")),
        patch(good, 76, "<8f", *[float("nan")] * 8),
        patch(good, 252, "<hh", 1, 0),
    ]
    return ".nii", files[int(random.integers(len(files)))]


KINDS: tuple[Callable[[Gray, Random], tuple[str, bytes]], ...] = (
    *(_truncated, _flipped, _zeroed, _misnamed, _empty, _noise, _huge, _bomb, _tricky_path),
    *(_absurd_dicom, _absurd_nifti),
)


def write_hostile_files(folder: Path, images: Sequence[Gray], count: int, seed: int) -> list[Path]:
    """Write hostile files to a folder."""
    paths = []
    for name, data in make_hostile_files(images, count, seed):
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    return paths
