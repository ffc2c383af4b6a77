"""Read one slice from an image file: JPEG, PNG, BMP or TIFF.

Pillow decodes what is no ordinary JPEG, not OpenCV, because OpenCV fills the missing part of a
truncated file with gray and calls it read.
"""

import hashlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from tumorscope.errors import InputError
from tumorscope.preprocessing import shrink
from tumorscope.scans.formats import UNKNOWN, recognize_format
from tumorscope.scans.jpeg import check_scans, decode_jpeg, measure_jpeg
from tumorscope.scans.refusal import refusing
from tumorscope.scans.stored_file import HEAD_BYTES
from tumorscope.scans.turns import taking_turns

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})
MINIMUM_SIDE_PX = 32
MAXIMUM_PIXELS = 25_000_000

_STRIP_ROWS = 256
_FORMATS = ("JPEG", "PNG", "BMP", "TIFF")
# What else than one picture a file may hold. A JPEG file has others only as previews of its first.
_SEQUENCES = {"TIFF": "pages", "PNG": "frames"}
_DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "F")
_PHOTOMETRIC, _WHITE_IS_ZERO = 262, 0


def is_image_file(path: Path) -> bool:
    """Tell by its ending, in any case, whether a file should be an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def read_slice(path: Path, sha256: str | None = None) -> NDArray[np.uint8]:
    """Read an image file as one slice.

    Parameters
    ----------
    path
        A JPEG, PNG, BMP or TIFF file; what it is is decided by its content.
    sha256
        Of the file when it was recorded, if it was.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB, upright (EXIF orientation applied). Gray is repeated in the
        three channels, 16-bit and float gray is stretched from its minimum and maximum to
        0..255, transparency is laid over black.

    Raises
    ------
    InputError
        The file is missing, no such image, truncated, too large, or cannot be one slice; or it has
        changed since it was recorded.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # a NUL byte in the name
        raise InputError(f"{path}: cannot be read: {error}") from error
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise InputError(
            f"{path}: changed since it was recorded (its SHA-256 differs); put back what was there"
        )
    return decode_slice(data, str(path))


def decode_slice(data: bytes, name: str, least_side_px: int | None = None) -> NDArray[np.uint8]:
    """Decode the bytes of an image file as `read_slice` does; errors mention `name`.

    With `least_side_px`, a slice of which half, a quarter or an eighth is at least this wide and
    high is reduced to that; of a JPEG the finer part is never decoded.
    """
    try:
        check_scans(data)
        pixels = _decode_ordinary(data, least_side_px)
        if pixels is None:
            pixels = _decode_any(data, least_side_px)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except Exception as error:  # decoders raise nearly anything on a hostile file
        if recognize_format(data[:HEAD_BYTES]) is None:
            raise InputError(f"{name}: {UNKNOWN}") from error
        raise InputError(
            f"{name}: not a readable JPEG, PNG, BMP or TIFF image ({first_line(error)}); "
            "replace or remove the file"
        ) from error
    if _is_constant(pixels):
        raise InputError(f"{name}: every pixel has the same value; this is no slice")
    return pixels


def _decode_ordinary(data: bytes, least_side_px: int | None) -> NDArray[np.uint8] | None:
    """Decode an ordinary JPEG file that is undamaged; None of any other."""
    size = measure_jpeg(data)
    if size is None:
        return None
    height, width = size
    _check_size(height, width)
    factor = _find_factor(height, width, least_side_px)
    with taking_turns(height * width):
        return decode_jpeg(data, height // factor, width // factor)


def _decode_any(data: bytes, least_side_px: int | None) -> NDArray[np.uint8]:
    with Image.open(BytesIO(data), formats=_FORMATS) as image:
        _check_header(image)
        number_of_pixels = image.width * image.height
        if least_side_px is not None:
            image.draft(None, (least_side_px, least_side_px))
        with taking_turns(number_of_pixels):
            pixels = _to_rgb(image)
    height, width = pixels.shape[:2]
    factor = _find_factor(height, width, least_side_px)
    return shrink(pixels, factor, factor)


def _find_factor(height: int, width: int, least_side_px: int | None) -> int:
    """Find by how much a picture can be reduced without a side falling below the least."""
    if least_side_px is None:
        return 1
    return next((f for f in (8, 4, 2) if min(height, width) >= f * least_side_px), 1)


def _is_constant(pixels: NDArray[np.uint8]) -> bool:
    if (pixels[len(pixels) // 2] != pixels[0, 0]).any():  # settles it for nearly all, quickly
        return False
    return bool((pixels == pixels[0, 0]).all())


def _check_size(height: int, width: int) -> None:
    if min(width, height) < MINIMUM_SIDE_PX:
        raise InputError(f"{width} x {height} px, expected at least {MINIMUM_SIDE_PX} px a side")
    if width * height > MAXIMUM_PIXELS:
        raise InputError(f"{width} x {height} px, expected at most {MAXIMUM_PIXELS:,} pixels")


def _check_header(image: ImageFile.ImageFile) -> None:
    """Refuse by the header alone, before any memory is spent on pixels."""
    width, height = image.size
    _check_size(height, width)
    several = _SEQUENCES.get(image.format or "")
    if several and getattr(image, "is_animated", False):  # to count may take long
        raise InputError(f"expected one slice, found several {several}; save each as its own file")
    parts = [tile.extents or (0, 0, width, height) for tile in image.tile]
    right, bottom = (max((part[side] for part in parts), default=0) for side in (2, 3))
    if right * bottom < width * height:  # Pillow would fill the rest with black
        raise InputError(f"holds fewer rows than the {width} x {height} px it declares")


def _to_rgb(image: ImageFile.ImageFile) -> NDArray[np.uint8]:
    is_deep = ";16" in str(image.tile[0][3])
    image.load()
    with suppress(InputError), refusing("EXIF"):  # nonsense is as if it were not there
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode in _DEEP_MODES:
        gray = _stretch(np.asarray(image))
        tags = getattr(image, "tag_v2", {})
        if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:  # Pillow inverts 8 bits only
            gray = 255 - gray
        return np.repeat(gray[..., np.newaxis], 3, axis=-1)
    if image.has_transparency_data:
        pixels = _lay_over_black(image)
    elif image.mode == "L":
        pixels = np.repeat(np.asarray(image)[..., np.newaxis], 3, axis=-1)
    else:
        pixels = np.array(image if image.mode == "RGB" else image.convert("RGB"))
    if is_deep and pixels.max() < 128:  # Pillow keeps the high byte only
        raise InputError("16-bit color that uses less than half of its range; save it as gray")
    return pixels


def _stretch(gray_hw: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Stretch deep gray to 0..255; the file does not say which part of its range is used."""
    low, high = np.float64(gray_hw.min()), np.float64(gray_hw.max())
    if not np.isfinite([low, high]).all():
        raise InputError("holds values that are not finite")
    factor = 255 / (high - low) if high > low else 0
    stretched = np.empty(gray_hw.shape, np.uint8)
    for top in range(0, len(gray_hw), _STRIP_ROWS):  # float64 of the whole would be large
        strip = gray_hw[top : top + _STRIP_ROWS].astype(np.float64) - low
        stretched[top : top + _STRIP_ROWS] = np.rint(strip * factor)
    return stretched


def _lay_over_black(image: Image.Image) -> NDArray[np.uint8]:
    """Multiply color by alpha, strip by strip, as several copies of the whole would be large."""
    pixels = np.empty((image.height, image.width, 3), np.uint8)
    for top in range(0, image.height, _STRIP_ROWS):
        bottom = min(top + _STRIP_ROWS, image.height)
        strip = image.crop((0, top, image.width, bottom)).convert("RGBA").convert("RGBa")
        pixels[top:bottom] = np.asarray(strip)[..., :3]
    return pixels


def first_line(error: Exception) -> str:
    """Say in one line, the same each time, what a decoder found wrong."""
    if isinstance(error, UnidentifiedImageError):  # its own text holds a memory address
        return "content of another format"
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__
