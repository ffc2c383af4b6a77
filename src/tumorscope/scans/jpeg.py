"""Decode ordinary JPEG files with libjpeg-turbo directly, in half the time that Pillow takes."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tumorscope.errors import InputError

_START, _EXIF = b"\xff\xd8\xff", b"Exif\0\0"
_START_OF_SCAN = b"\xff\xda"
_MOST_SCANS = 100  # encoders write about ten
_COLOR_SPACES = ("YCbCr", "RGB", "Gray")


def check_scans(data: bytes) -> None:
    """Refuse a JPEG file of more scans than a picture has, before it is decoded.

    A progressive one goes over all of its pixels with each, and a scan takes 64 bytes.

    Raises
    ------
    InputError
        There are too many. The file is not named.
    """
    if data.startswith(_START) and (scans := data.count(_START_OF_SCAN)) > _MOST_SCANS:
        raise InputError(f"a JPEG picture of {scans:,} scans, expected at most {_MOST_SCANS}")


def measure_jpeg(data: bytes) -> tuple[int, int] | None:
    """Give height and width of an ordinary JPEG file, in px; None for any other file.

    Ordinary is gray or RGB, and says nothing about how it has to be turned.
    """
    if not data.startswith(_START) or _EXIF in data:
        return None
    try:
        height, width, color_space, _ = simplejpeg.decode_jpeg_header(data)
    except ValueError:
        return None
    return (height, width) if color_space in _COLOR_SPACES else None


def decode_jpeg(data: bytes, height: int, width: int) -> NDArray[np.uint8] | None:
    """Decode a JPEG file; None where it is damaged in any way, if only by one wrong byte.

    Parameters
    ----------
    data
        The file, as `measure_jpeg` accepts it.
    height, width
        The least of the result, px: the finest parts of the picture are not decoded where it is
        so large that they do not count.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB.
    """
    try:
        return np.asarray(
            # Color is enlarged the quick way: a gray picture is the same, in half of the time.
            simplejpeg.decode_jpeg(
                data, "RGB", fastupsample=True, min_height=height, min_width=width
            ),
            np.uint8,
        )
    except ValueError:
        return None
