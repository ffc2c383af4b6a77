"""Take what a caller has, a path, an array or a DICOM dataset, as scans."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tumorscope.artifact.identity import is_model
from tumorscope.errors import InputError
from tumorscope.scans.dicom.file import write_image
from tumorscope.scans.dicom.series import inspect_dicom, list_scans
from tumorscope.scans.find import find_scans
from tumorscope.scans.gray import apply_window, compute_window, repeat_channels
from tumorscope.scans.images import MINIMUM_SIDE_PX
from tumorscope.scans.refusal import refusing
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable
from tumorscope.scans.stored_file import store_bytes

_ARRAY, _DATASET = "array", "dataset"


def find_given(given: Any) -> Iterator[Scan | Unreadable]:
    """Find the scans in a path, an array or a pydicom Dataset.

    Parameters
    ----------
    given
        A path, as for `find_scans`. An array of shape (H, W) or, in RGB, (H, W, 3): uint8 is
        taken as it is, deeper gray is windowed as in a volume. A Dataset with pixel data.

    Raises
    ------
    InputError
        It is none of these, or the path does not exist.
    """
    if isinstance(given, (str, Path)):
        if is_model(Path(given)):
            raise InputError(f"{given}: a model, no scan; load it with tumorscope.load()")
        yield from find_scans(given)
    elif isinstance(given, np.ndarray):
        yield Scan(_ARRAY, partial(_read_array, given))
    elif hasattr(given, "save_as"):
        if "TransferSyntaxUID" not in getattr(given, "file_meta", ()):
            raise InputError(
                f"{_DATASET}: does not say how its pixels are stored; "
                "set file_meta.TransferSyntaxUID"
            )
        yield from _find_in_dataset(given)
    else:
        raise InputError(
            f"expected a path, an array or a pydicom Dataset, found {type(given).__name__}"
        )


def find_or_refuse(given: Any) -> Iterator[Scan | Unreadable]:
    """Find the scans in what a stream was given; one that is not there does not end the stream."""
    try:
        yield from find_given(given)
    except InputError as error:
        name = str(given) if isinstance(given, (str, Path)) else type(given).__name__
        yield Unreadable(name, str(error).removeprefix(f"{name}: "))


def _read_array(array: NDArray[Any]) -> Iterator[ScanSlice]:
    shape = " x ".join(map(str, array.shape))
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise InputError(f"{_ARRAY}: expected shape (H, W) or (H, W, 3), found {shape}")
    if min(array.shape[:2]) < MINIMUM_SIDE_PX:
        raise InputError(f"{_ARRAY}: {shape} px, expected at least {MINIMUM_SIDE_PX} px a side")
    if array.dtype != np.uint8:
        if array.ndim == 3 or array.dtype.kind not in "iuf":
            raise InputError(
                f"{_ARRAY}: {array.dtype} of shape {shape}; give color as uint8, gray as any number"
            )
        try:
            array = apply_window(array, *compute_window(array))
        except InputError as error:
            raise InputError(f"{_ARRAY}: {error}") from None
    image = repeat_channels(array) if array.ndim == 2 else array.copy()
    yield ScanSlice(_ARRAY, image, None, 0)


def _find_in_dataset(dataset: Any) -> Iterator[Scan | Unreadable]:
    try:
        with refusing("DICOM dataset"):
            data = write_image(dataset)
    except InputError as error:
        yield Unreadable(_DATASET, str(error))
        return
    member = inspect_dicom(store_bytes(_DATASET, data))
    yield from [member] if isinstance(member, Unreadable) else list_scans([member])
