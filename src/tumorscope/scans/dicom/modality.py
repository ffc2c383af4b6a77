"""From stored values to what the scanner measured (PS3.3, C.11.1)."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.scans.dicom.elements import read_number
from tumorscope.scans.dicom.functional_groups import find_item
from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import refusing

if TYPE_CHECKING:
    from pydicom import Dataset

_SAMPLED_VALUES = 20_000


def sample_measured(values: NDArray[Any], header: "Dataset", index: int) -> NDArray[Any]:
    """Take some of the measured values of a gray frame.

    Parameters
    ----------
    values
        Stored values, shape (H, W).
    header
        The elements that describe the image.
    index
        The frame, from 0, whose functional groups apply.

    Returns
    -------
    numpy.ndarray
        Shape (N,), at most some 20,000; none where all are the same.
    """
    with quiet(), np.errstate(all="ignore"):
        stored = replace_padding(values, header)
        if (stored == stored[0, 0]).all():
            return stored[:0, 0]
        return measure(stored, header, index).ravel()[:: max(1, stored.size // _SAMPLED_VALUES)]


def measure(values: NDArray[Any], header: "Dataset", index: int) -> NDArray[Any]:
    """Turn stored values of a frame into measured ones."""
    from pydicom.pixels import apply_modality_lut

    if header.get("ModalityLUTSequence"):
        with refusing("ModalityLUTSequence"):
            return np.asarray(apply_modality_lut(values, header))
    return _rescale(values, find_item(header, index, "PixelValueTransformationSequence"))


def replace_padding(values: NDArray[Any], header: "Dataset") -> NDArray[Any]:
    """Give what lies outside the scan (PS3.3, C.7.5.1.1.2) what is shown darkest inside it."""
    if "PixelPaddingValue" not in header or values.dtype.kind == "f":
        return values
    padding = read_number(header, "PixelPaddingValue", math.nan)
    if math.isnan(padding):
        return values
    limits = (padding, read_number(header, "PixelPaddingRangeLimit", padding))
    first, last = sorted(np.array(limits, np.int64).astype(values.dtype))
    is_padding = (values >= first) & (values <= last)
    if is_padding.all() or not is_padding.any():
        return values
    inside = values[~is_padding]
    return np.where(is_padding, inside.max() if is_inverted(header) else inside.min(), values)


def is_inverted(header: "Dataset") -> bool:
    """Tell whether the largest value is the darkest."""
    return bool(header.get("PhotometricInterpretation") == "MONOCHROME1")


def _rescale(values: NDArray[Any], item: "Dataset") -> NDArray[Any]:
    slope, intercept = (
        read_number(item, keyword, default)
        for keyword, default in (("RescaleSlope", 1), ("RescaleIntercept", 0))
    )
    if (slope, intercept) == (1, 0) or not math.isfinite(slope) or not math.isfinite(intercept):
        return values
    return values.astype(np.float32) * np.float32(slope or 1) + np.float32(intercept)
