"""Read one slice from an image file: JPEG, PNG, BMP or TIFF.

Pillow decodes, not OpenCV, because OpenCV fills the missing part of a truncated file with gray
and calls it read.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from tumorscope.errors import InputError

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff"})
MINIMUM_SIDE_PX = 32
MAXIMUM_PIXELS = 64_000_000

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF")
_DEEP_MODES = ("I", "I;16", "I;16L", "I;16B", "F")


def is_image_file(path: Path) -> bool:
    """Tell by its ending, in any case, whether a file should be an image."""
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")


def read_slice(path: Path) -> NDArray[np.uint8]:
    """Read an image file as one slice.

    Parameters
    ----------
    path
        A JPEG, PNG, BMP or TIFF file; what it is is decided by its content.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB, upright (EXIF orientation applied). Gray is repeated in the
        three channels, 16-bit and float gray is stretched from its minimum and maximum to
        0..255, transparency is laid over black.

    Raises
    ------
    InputError
        The file is missing, no such image, truncated, too large, or cannot be one slice.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return decode_slice(data, str(path))


def decode_slice(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode the bytes of an image file as `read_slice` does; errors mention `name`."""
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            _check_header(image)
            pixels = _to_rgb(image)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except Exception as error:
        raise InputError(
            f"{name}: not a readable JPEG, PNG, BMP or TIFF image ({_first_line(error)}); "
            "replace or remove the file"
        ) from error
    if pixels.min() == pixels.max():
        raise InputError(f"{name}: every pixel has the same value; this is no slice")
    return pixels


def _check_header(image: Image.Image) -> None:
    """Refuse by the header alone, before any memory is spent on pixels."""
    width, height = image.size
    if min(width, height) < MINIMUM_SIDE_PX:
        raise InputError(f"{width} x {height} px, expected at least {MINIMUM_SIDE_PX} px a side")
    if width * height > MAXIMUM_PIXELS:
        raise InputError(f"{width} x {height} px, expected at most {MAXIMUM_PIXELS:,} pixels")
    frames = getattr(image, "n_frames", 1)
    if image.format == "TIFF" and frames > 1:
        raise InputError(f"expected one slice, found {frames} pages; save each as its own file")


def _to_rgb(image: Image.Image) -> NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(image)
    if upright.mode in _DEEP_MODES:
        return np.repeat(_stretch(np.asarray(upright))[..., np.newaxis], 3, axis=-1)
    if upright.has_transparency_data:
        black = Image.new("RGBA", upright.size, "black")
        upright = Image.alpha_composite(black, upright.convert("RGBA"))
    return np.array(upright.convert("RGB"))


def _stretch(gray_hw: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Stretch deep gray to 0..255; the file does not say which part of its range is used."""
    gray = gray_hw.astype(np.float64)
    if not np.isfinite(gray).all():
        raise InputError("holds values that are not finite")
    low, high = gray.min(), gray.max()
    scaled = (gray - low) / max(high - low, np.finfo(np.float64).tiny) * 255
    return np.asarray(scaled.round(), np.uint8)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120] or type(error).__name__
