"""Write the slices of a scan as lossless pictures, which are read like any others from then on."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tumorscope.errors import InputError
from tumorscope.preprocessing import drop_equal_channels
from tumorscope.scans.scan import Scan, Unreadable

# A volume of labels shows one gray for each; the least of a scan is some dozens.
_MOST_LABELS = 8
_COMPRESSION = 1  # hardly larger than by default, and written much sooner


class WrittenSlice(NamedTuple):
    """A slice of a scan, as `ScanSlice` describes it, whose picture is a file now.

    `place` is its index there, `size_hw` the size of the picture, px.
    """

    name: str
    series: str | None
    place: int
    path: Path
    size_hw: tuple[int, int]
    corners_mm: NDArray[np.float64] | None


def write_slices(
    scan: Scan, folder: Path, on_slice: Callable[[], object]
) -> tuple[list[WrittenSlice], list[Unreadable]]:
    """Write the slices of a scan as they are shown to a model: windowed, 8 bits, pixels square.

    Parameters
    ----------
    scan
        As `find_scans` gives it.
    folder
        Gets ``0000.png`` and so on, by place in the series. It must not be there yet.
    on_slice
        Called after each slice.

    Returns
    -------
    tuple
        What was written, and what was left out: damaged slices, and those that show nothing, as a
        series may at its ends. Several that are left out for one reason are told in one line.

    Raises
    ------
    InputError
        The scan cannot be read, or shows so few grays that it is a mask; no folder is left then.
    """
    folder.mkdir(parents=True)
    try:
        return _write(scan, folder, on_slice)
    except InputError:
        shutil.rmtree(folder)
        raise


def find_file(name: str, files: Collection[Path]) -> Path:
    """Find which of some files a slice is from: itself, less its ``#041``, or what holds it."""
    whole = Path(name)
    candidates = [whole, Path(name.rpartition("#")[0]), *whole.parents]
    return next(path for path in candidates if path in files)


def _write(
    scan: Scan, folder: Path, on_slice: Callable[[], object]
) -> tuple[list[WrittenSlice], list[Unreadable]]:
    written = []
    left_out: dict[str, list[str]] = defaultdict(list)
    grays: set[int] = set()
    for item in scan.read():
        on_slice()
        if isinstance(item, Unreadable):
            left_out[item.reason].append(item.name)
            continue
        if (item.image == item.image[0, 0]).all():
            left_out["every pixel has the same value"].append(item.name)
            continue
        path = folder / f"{item.index:04d}.png"
        Image.fromarray(drop_equal_channels(item.image)).save(path, compress_level=_COMPRESSION)
        size_hw = item.image.shape[0], item.image.shape[1]
        written.append(
            WrittenSlice(item.name, item.series, item.index, path, size_hw, item.corners_mm)
        )
        if len(grays) <= _MOST_LABELS:
            grays |= set(np.unique(item.image).tolist())
    if written and written[0].series is not None and len(grays) <= _MOST_LABELS:
        raise InputError(
            f"{scan.name}: shows {len(grays)} grays only, so it is a mask and no scan; name it in "
            "the column 'mask' of a table"
        )
    of = len(written) + sum(map(len, left_out.values()))
    return written, [_tell(scan.name, names, reason, of) for reason, names in left_out.items()]


def _tell(scan: str, names: list[str], reason: str, of: int) -> Unreadable:
    if len(names) == 1:
        return Unreadable(names[0], reason)
    return Unreadable(scan, f"{len(names)} of {of} slices left out: {reason}")
