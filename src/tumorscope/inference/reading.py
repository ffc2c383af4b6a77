"""Read scans slice by slice, and prepare each for the network."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.inference.prediction import Prediction
from tumorscope.preprocessing import Box, drop_equal_channels, prepare_slice
from tumorscope.recipe import PreprocessingSettings
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable

_SEGMENTATION = "a segmentation, no scan: it says where something is, and shows nothing itself"


class PreparedSlice(NamedTuple):
    """A slice ready for the network, the number of its scan, and its gray or colored levels."""

    scan: int
    slice: ScanSlice
    levels: NDArray[np.uint8]
    pixels: NDArray[np.uint8]
    box: Box


class AnsweredSlice(NamedTuple):
    """The answer for a slice, or why it has none, and the number of its scan."""

    scan: int
    answer: Prediction | Unreadable


SliceReader = Iterator[PreparedSlice | AnsweredSlice]
"""The slices of a scan in their order; what cannot be read is answered by that."""


def begin_reading(
    scans: Sequence[tuple[int, Scan | Unreadable]], settings: PreprocessingSettings
) -> list[SliceReader]:
    """Read the first slice of each scan; further ones, of a series, are read as they come.

    Parameters
    ----------
    scans
        Each with its number.
    settings
        How to prepare a slice.
    """
    return [_read_ahead(number, scan, settings) for number, scan in scans]


def _read_ahead(
    number: int, scan: Scan | Unreadable, settings: PreprocessingSettings
) -> SliceReader:
    read = _read(number, scan, settings)
    is_large = isinstance(scan, Scan) and scan.is_large
    return read if is_large else chain(list(islice(read, 1)), read)


def _read(number: int, scan: Scan | Unreadable, settings: PreprocessingSettings) -> SliceReader:
    if isinstance(scan, Unreadable):
        yield AnsweredSlice(number, scan)
        return
    if scan.is_segmentation:
        yield AnsweredSlice(number, Unreadable(scan.name, _SEGMENTATION))
        return
    try:
        for item in scan.read():
            if isinstance(item, Unreadable):
                yield AnsweredSlice(number, item)
            else:
                levels = drop_equal_channels(item.image)
                yield PreparedSlice(number, item, levels, *prepare_slice(levels, settings))
    except InputError as error:
        reason = str(error).removeprefix(f"{scan.name}: ")
        yield AnsweredSlice(number, Unreadable(scan.name, reason))
