"""Show the stored values of a DICOM frame as the standard says (PS3.4, N.2; PS3.3, C.11)."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.dicom.color import has_palette, show_color
from tumorscope.scans.dicom.elements import (
    read_optional,
    read_optional_number,
    read_optional_numbers,
)
from tumorscope.scans.dicom.functional_groups import find_item
from tumorscope.scans.dicom.modality import is_inverted, measure, replace_padding
from tumorscope.scans.gray import (
    apply_window,
    compute_window,
    make_square,
    repeat_channels,
)
from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import refusing

if TYPE_CHECKING:
    from pydicom import Dataset


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
        if values.ndim == 3 or has_palette(header):
            image = show_color(values, header)
        else:
            image = repeat_channels(_show_gray(values, header, index, is_alone, shared))
        measures = find_item(header, index, "PixelMeasuresSequence")
        spacing_mm = read_optional_numbers(measures, "PixelSpacing", 2)
        sides = spacing_mm or read_optional_numbers(header, "PixelAspectRatio", 2) or (1, 1)
    return make_square(image, *sides)


def is_told(header: "Dataset", index: int) -> bool:
    """Tell whether a file says how to show a frame: by a window, a table or colors."""
    return bool(
        int(header.get("SamplesPerPixel") or 1) > 1
        or has_palette(header)
        or header.get("VOILUTSequence")
        or read_optional_number(find_item(header, index, "FrameVOILUTSequence"), "WindowWidth")
        or _is_for_display(header)
    )


def _show_gray(
    values: NDArray[Any],
    header: "Dataset",
    index: int,
    is_alone: bool,
    shared: tuple[float, float] | None,
) -> NDArray[np.uint8]:
    stored = replace_padding(values, header)
    if (stored == stored[0, 0]).all():  # air
        return np.zeros(stored.shape, np.uint8)
    measured = measure(stored, header, index)
    gray = _show_as_told(measured, header, index, is_alone)
    if gray is None:
        gray = apply_window(measured, *(shared or compute_window(measured)))
    return 255 - gray if is_inverted(header) else gray


def _show_as_told(
    values: NDArray[Any], header: "Dataset", index: int, is_alone: bool
) -> NDArray[np.uint8] | None:
    """Show measured values as the file says; None where it does not."""
    from pydicom.pixels import apply_voi

    if header.get("VOILUTSequence"):
        with suppress(InputError), refusing("look-up table"):
            looked_up = apply_voi(values, header)
            return apply_window(looked_up, *compute_window(looked_up))
    window = _find_window(values, find_item(header, index, "FrameVOILUTSequence"))
    if window is not None and (
        np.ptp(shown := apply_window(*window)) or not (is_alone or shown.any())
    ):
        return shown
    if _is_for_display(header):
        ends = np.array([0, 2 ** int(header.BitsStored) - 1], np.uint8)
        return apply_window(values, *sorted(measure(ends, header, index).tolist()))
    return None


def _find_window(values: NDArray[Any], item: "Dataset") -> tuple[NDArray[Any], float, float] | None:
    """Find the window (PS3.3, C.11.2.1.2): what to stretch, and from where to where."""
    center, width = (read_optional_number(item, word) for word in ("WindowCenter", "WindowWidth"))
    if center is None or width is None or width <= 0:
        return None
    function = read_optional(item, "VOILUTFunction") or "LINEAR"
    if function == "SIGMOID":
        steepness = np.float32(-4 / width)
        exponent = (values.astype(np.float32) - np.float32(center)) * steepness
        return 1 / (1 + np.exp(np.clip(exponent, -80, 80))), 0, 1
    if function == "LINEAR":
        center, width = center - 0.5, width - 1
    return (values, center - width / 2, center + width / 2) if width > 0 else None


def _is_for_display(header: "Dataset") -> bool:
    return int(header.get("BitsStored") or 16) <= 8 and not header.get("PixelRepresentation")
