"""Show the colors of a DICOM frame: RGB, or those of a palette."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

_MAXIMUM_PALETTE_ENTRIES = 65_536


def has_palette(header: "Dataset") -> bool:
    """Tell whether the stored values are numbers of colors in a palette."""
    return bool(header.get("PhotometricInterpretation") == "PALETTE COLOR")


def show_color(values: NDArray[Any], header: "Dataset") -> NDArray[np.uint8]:
    """Turn a decoded frame in color into a picture.

    Parameters
    ----------
    values
        RGB, shape (H, W, 3), or numbers of colors in the palette, shape (H, W).
    header
        The elements that describe the image.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB.

    Raises
    ------
    InputError
        The palette is absurd. pydicom raises nearly anything else.
    """
    if values.ndim == 3:
        return _keep_high_byte(values, int(header.BitsStored))
    from pydicom.pixels import apply_color_lut

    _check_segments(header)
    color = apply_color_lut(values, header)[..., :3]
    return _keep_high_byte(color, 16 if color.max() > 255 else 8)


def _keep_high_byte(color: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    return (color >> max(bits - 8, 0)).astype(np.uint8)


def _check_segments(header: "Dataset") -> None:
    """Refuse a segmented palette (PS3.3, C.7.9) that unfolds to more than a palette can hold."""
    for color in ("Red", "Green", "Blue"):
        data = header.get(f"Segmented{color}PaletteColorLookupTableData") or b""
        depth = header.get(f"{color}PaletteColorLookupTableDescriptor", [0, 0, 16])[2]
        is_little = header.original_encoding[1]
        words = np.frombuffer(data, np.uint8 if depth == 8 else ("<u2" if is_little else ">u2"))
        at = entries = 0
        while at + 1 < len(words):
            operation, length = int(words[at]), int(words[at + 1])
            at += 2 + (length if operation == 0 else 1)
            entries += length
            if operation > 1 or entries > _MAXIMUM_PALETTE_ENTRIES:
                raise InputError("its segmented palette is absurd")
