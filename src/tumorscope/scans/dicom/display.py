"""Show the stored values of a DICOM frame as the standard says (PS3.4, N.2; PS3.3, C.11)."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.gray import (
    apply_window,
    compute_window,
    make_square,
    repeat_channels,
)
from tumorscope.scans.quiet import quiet

if TYPE_CHECKING:
    from pydicom import Dataset

_MAXIMUM_PALETTE_ENTRIES = 65_536
_SAMPLED_VALUES = 20_000


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
    values: NDArray[Any],
    header: "Dataset",
    index: int,
    *,
    is_alone: bool = True,
    shared: tuple[float, float] | None = None,
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
    shared
        The measured values to be shown black and white where the file says nothing of it; by
        default those of the frame itself.

    Returns
    -------
    numpy.ndarray
        Shape (H, W, 3), uint8, RGB, pixels square. Gray is rescaled, then shown through its
        look-up table or its (first) window. Without any, 8-bit values are shown as they are and
        all others as `shared` says, or from their 0.5th to their 99.5th percentile.

    Raises
    ------
    InputError
        No value is finite, or the palette is absurd. pydicom raises nearly anything else.
    """
    with quiet(), np.errstate(all="ignore"):  # absurd numbers end in a picture or in an error
        image = _show_colors(values, header, index, is_alone, shared)
        spacing = find_item(header, index, "PixelMeasuresSequence").get("PixelSpacing")
        row_mm, column_mm = map(float, spacing or header.get("PixelAspectRatio") or (1, 1))
    return make_square(image, row_mm, column_mm)


def is_told(header: "Dataset", index: int) -> bool:
    """Tell whether a file says how to show a frame: by a window, a table or colors."""
    return bool(
        int(header.get("SamplesPerPixel") or 1) > 1
        or header.get("PhotometricInterpretation") == "PALETTE COLOR"
        or header.get("VOILUTSequence")
        or find_item(header, index, "FrameVOILUTSequence").get("WindowWidth")
        or _is_for_display(header)
    )


def sample_measured(values: NDArray[Any], header: "Dataset", index: int) -> NDArray[Any]:
    """Take some of the measured values of a gray frame.

    Parameters
    ----------
    values, header, index
        As for `show_frame`.

    Returns
    -------
    numpy.ndarray
        Shape (N,), at most some 20,000; none where all are the same.
    """
    with quiet(), np.errstate(all="ignore"):
        stored = _replace_padding(values, header)
        if (stored == stored[0, 0]).all():
            return stored[:0, 0]
        return _measure(stored, header, index).ravel()[:: max(1, stored.size // _SAMPLED_VALUES)]


def _show_colors(
    values: NDArray[Any],
    header: "Dataset",
    index: int,
    is_alone: bool,
    shared: tuple[float, float] | None,
) -> NDArray[np.uint8]:
    if header.get("PhotometricInterpretation") == "PALETTE COLOR" and values.ndim == 2:
        return _look_up_color(values, header)
    if values.ndim == 3:
        return _keep_high_byte(values, int(header.BitsStored))
    return repeat_channels(_show_gray(values, header, index, is_alone, shared))


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
    values: NDArray[Any],
    header: "Dataset",
    index: int,
    is_alone: bool,
    shared: tuple[float, float] | None,
) -> NDArray[np.uint8]:
    stored = _replace_padding(values, header)
    if (stored == stored[0, 0]).all():  # air
        return np.zeros(stored.shape, np.uint8)
    measured = _measure(stored, header, index)
    gray = _show_as_told(measured, header, index, is_alone)
    if gray is None:
        gray = apply_window(measured, *(shared or compute_window(measured)))
    return 255 - gray if _is_inverted(header) else gray


def _show_as_told(
    values: NDArray[Any], header: "Dataset", index: int, is_alone: bool
) -> NDArray[np.uint8] | None:
    """Show measured values as the file says; None where it does not."""
    from pydicom.pixels import apply_voi

    if header.get("VOILUTSequence"):
        looked_up = apply_voi(values, header)
        return apply_window(looked_up, *compute_window(looked_up))
    window = _find_window(values, find_item(header, index, "FrameVOILUTSequence"))
    if window is not None and (
        np.ptp(shown := apply_window(*window)) or not (is_alone or shown.any())
    ):
        return shown
    if _is_for_display(header):
        ends = np.array([0, 2 ** int(header.BitsStored) - 1], np.uint8)
        return apply_window(values, *sorted(_measure(ends, header, index).tolist()))
    return None


def _is_inverted(header: "Dataset") -> bool:
    return bool(header.get("PhotometricInterpretation") == "MONOCHROME1")


def _measure(values: NDArray[Any], header: "Dataset", index: int) -> NDArray[Any]:
    """Turn stored values into measured ones (PS3.3, C.11.1)."""
    from pydicom.pixels import apply_modality_lut

    if header.get("ModalityLUTSequence"):
        return np.asarray(apply_modality_lut(values, header))
    return _rescale(values, find_item(header, index, "PixelValueTransformationSequence"))


def _replace_padding(values: NDArray[Any], header: "Dataset") -> NDArray[Any]:
    """Give what lies outside the scan (PS3.3, C.7.5.1.1.2) what is shown darkest inside it."""
    padding = header.get("PixelPaddingValue")
    if padding is None or values.dtype.kind == "f":
        return values
    limit = header.get("PixelPaddingRangeLimit")
    limits = (padding, padding if limit is None else limit)
    first, last = sorted(np.array(limits, np.int64).astype(values.dtype))
    is_padding = (values >= first) & (values <= last)
    if is_padding.all() or not is_padding.any():
        return values
    inside = values[~is_padding]
    return np.where(is_padding, inside.max() if _is_inverted(header) else inside.min(), values)


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
