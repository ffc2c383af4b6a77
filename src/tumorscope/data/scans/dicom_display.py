"""Show the stored values of a DICOM frame as the standard says (PS3.4, N.2; PS3.3, C.11)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.data.scans.gray import (
    apply_window,
    compute_window,
    make_square,
    repeat_channels,
)
from tumorscope.data.scans.quiet import quiet
from tumorscope.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

_MAXIMUM_PALETTE_ENTRIES = 65_536


def find_item(header: "Dataset", index: int, sequence: str) -> "Dataset":
    """Find what a functional group says of one frame (PS3.3, C.7.6.16).

    The frame's own group comes before the one that is shared; a file without groups, as any
    single-frame one, says it in the header itself, which is then returned.
    """
    per_frame = header.get("PerFrameFunctionalGroupsSequence") or []
    shared = header.get("SharedFunctionalGroupsSequence") or []
    for groups in ([*per_frame[index : index + 1]], shared[:1]):
        for group in groups:
            if items := group.get(sequence):
                return items[0]
    return header


def show_frame(
    values: NDArray[Any], header: "Dataset", index: int, *, is_alone: bool = True
) -> NDArray[np.uint8]:
    """Turn a decoded frame into a picture.

    Parameters
    ----------
    values
        Stored values, shape (H, W), or RGB, shape (H, W, 3).
    header
        The elements that describe the image.
    index
        The frame, from 0, whose functional groups apply.
    is_alone
        Whether it is no part of a series. Of a series, what the window shows black is air.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB, pixels square. Gray is rescaled, then shown through its
        look-up table or its (first) window. Without any, 8-bit values are shown as they are and
        all others from their 0.5th to their 99.5th percentile.

    Raises
    ------
    InputError
        No value is finite, or the palette is absurd. pydicom raises nearly anything else.
    """
    with quiet(), np.errstate(all="ignore"):  # absurd numbers end in a picture or in an error
        image = _show_colors(values, header, index, is_alone)
        spacing = find_item(header, index, "PixelMeasuresSequence").get("PixelSpacing")
        row_mm, column_mm = map(float, spacing or header.get("PixelAspectRatio") or (1, 1))
    return make_square(image, row_mm, column_mm)


def _show_colors(
    values: NDArray[Any], header: "Dataset", index: int, is_alone: bool
) -> NDArray[np.uint8]:
    if header.get("PhotometricInterpretation") == "PALETTE COLOR" and values.ndim == 2:
        return _look_up_color(values, header)
    if values.ndim == 3:
        return _keep_high_byte(values, int(header.BitsStored))
    return repeat_channels(_show_gray(values, header, index, is_alone))


def _look_up_color(values: NDArray[Any], header: "Dataset") -> NDArray[np.uint8]:
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


def _show_gray(
    values: NDArray[Any], header: "Dataset", index: int, is_alone: bool
) -> NDArray[np.uint8]:
    from pydicom.pixels import apply_modality_lut, apply_voi

    values = _replace_padding(values, header)
    if (values == values[0, 0]).all():  # air
        return np.zeros(values.shape, np.uint8)
    if header.get("ModalityLUTSequence"):
        values = apply_modality_lut(values, header)
    else:
        values = _rescale(values, find_item(header, index, "PixelValueTransformationSequence"))
    window = _find_window(values, find_item(header, index, "FrameVOILUTSequence"))
    if header.get("VOILUTSequence"):
        gray = _stretch(apply_voi(values, header))
    elif window is not None and (
        np.ptp(shown := apply_window(*window)) or not (is_alone or shown.any())
    ):
        gray = shown
    elif _is_for_display(header):
        gray = apply_window(values, 0, 2 ** int(header.BitsStored) - 1)
    else:
        gray = _stretch(values)
    return 255 - gray if header.get("PhotometricInterpretation") == "MONOCHROME1" else gray


def _replace_padding(values: NDArray[Any], header: "Dataset") -> NDArray[Any]:
    """Give what lies outside the scan (PS3.3, C.7.5.1.1.2) the darkest value inside it."""
    padding = header.get("PixelPaddingValue")
    if padding is None or values.dtype.kind == "f":
        return values
    limits = (padding, header.get("PixelPaddingRangeLimit") or padding)
    first, last = sorted(np.array(limits, np.int64).astype(values.dtype))
    is_padding = (values >= first) & (values <= last)
    if is_padding.all() or not is_padding.any():
        return values
    return np.where(is_padding, values[~is_padding].min(), values)


def _rescale(values: NDArray[Any], item: "Dataset") -> NDArray[Any]:
    slope, intercept = (
        float(default if (value := item.get(keyword)) in (None, "") else value)
        for keyword, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
    )
    if (slope, intercept) == (1, 0) or not math.isfinite(slope) or not math.isfinite(intercept):
        return values
    return values.astype(np.float32) * np.float32(slope or 1) + np.float32(intercept)


def _find_window(values: NDArray[Any], item: "Dataset") -> tuple[NDArray[Any], float, float] | None:
    """Find the window (PS3.3, C.11.2.1.2): what to stretch, and from where to where."""
    center, width = (_first_number(item.get(word)) for word in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or width <= 0:
        return None
    function = item.get("VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        steepness = np.float32(-4 / width)
        exponent = (values.astype(np.float32) - np.float32(center)) * steepness
        return 1 / (1 + np.exp(np.clip(exponent, -80, 80))), 0, 1
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    return (values, center - width / 2, center + width / 2) if width > 0 else None


def _first_number(value: Any) -> float | None:
    """Give the first of the values that an element may have several of."""
    first = value[0] if isinstance(value, Sequence) and not isinstance(value, str) else value
    number = float(first) if first not in (None, "") else math.nan
    return number if math.isfinite(number) else None


def _is_for_display(header: "Dataset") -> bool:
    return int(header.get("BitsStored") or 16) <= 8 and not header.get("PixelRepresentation")


def _stretch(values: NDArray[Any]) -> NDArray[np.uint8]:
    return apply_window(values, *compute_window(values))
