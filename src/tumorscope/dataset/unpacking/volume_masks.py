"""Masks of lesions that are volumes: a NIfTI file, or a DICOM segmentation."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.scans.find import find_scans, recognize_file
from tumorscope.scans.formats import Format, recognize_format
from tumorscope.scans.nifti import read_nifti_mask
from tumorscope.scans.pictures import WrittenSlice
from tumorscope.scans.refusal import naming, refusing
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable
from tumorscope.scans.stored_file import store_path

_HALF = 127
_TOLERANCE_MM = 0.1

Lesions = dict[int, NDArray[np.bool_]]
"""Which slices of a scan show a lesion, by their row, and where: shape (H, W), bool."""


class VolumeMask(NamedTuple):
    """The slices of a mask that show a lesion, with their places in the patient."""

    name: str
    slices: list[ScanSlice]

    def lie_on(self, slices: Sequence[WrittenSlice]) -> Lesions | None:
        """Find the slices of a scan that show a lesion.

        Parameters
        ----------
        slices
            Of one scan.

        Returns
        -------
        dict
            The lesion of each slice that shows one, by its row; those of several segments are
            one. None where any slice of the mask lies on none of them, pixel on pixel: then it
            is on another grid.
        """
        lesions: Lesions = {}
        for mask in self.slices:
            row = next((row for row, one in enumerate(slices) if _is_on(mask, one)), None)
            if row is None:
                return None
            is_lesion = mask.image[..., 0] > _HALF
            lesions[row] = is_lesion | lesions.get(row, np.False_)
        return lesions


def is_volume_mask(path: Path) -> bool:
    """Tell by its content whether a mask is that of a volume, not a picture or outlines."""
    return recognize_file(path) in (Format.NIFTI, Format.DICOM)


def read_volume_mask(path: Path, plane: str) -> VolumeMask:
    """Read a NIfTI mask, in which a lesion is what is not zero, or a DICOM segmentation.

    Parameters
    ----------
    path
        The file.
    plane
        How its scan is cut, if that is a NIfTI volume.

    Raises
    ------
    InputError
        It cannot be read, is none of these, or shows no lesion.
    """
    with naming(str(path)), refusing("mask"):
        form = recognize_format(store_path(path).read_head())
    if form is Format.NIFTI:
        return _keep_lesions(str(path), list(read_nifti_mask(store_path(path), plane)))
    if form is Format.DICOM:
        (scan,) = find_scans(path)
        if isinstance(scan, Unreadable):
            raise InputError(str(scan))
        if scan.is_segmentation:
            return read_segmentation(scan)
    raise InputError(f"{path}: not the mask of a volume; give a NIfTI file or DICOM segmentation")


def read_segmentation(scan: Scan) -> VolumeMask:
    """Read a DICOM segmentation; all its segments are taken for lesions.

    Raises
    ------
    InputError
        It cannot be read, or shows no lesion.
    """
    slices = list(scan.read())
    for item in slices:
        if isinstance(item, Unreadable):
            raise InputError(str(item))
    return _keep_lesions(scan.name, [item for item in slices if isinstance(item, ScanSlice)])


def find_lesions(
    slices: Sequence[WrittenSlice],
    named: Sequence[str],
    beside: Sequence[VolumeMask],
    plane: str,
) -> tuple[Lesions | None, set[str]]:
    """Find the lesions in a scan by the masks that are about it.

    Parameters
    ----------
    slices
        Of the scan.
    named
        The files that a table names as its masks; at most one.
    beside
        Segmentations that lie beside it; they count where none is named.
    plane
        How the scan is cut, if it is a NIfTI volume.

    Returns
    -------
    tuple
        The lesions, None where no mask is about the scan; and the names of those of `beside` that
        lie on it.

    Raises
    ------
    InputError
        A mask is named that cannot be read or does not lie on the scan, or two are.
    """
    if len(named) > 1:
        raise InputError(f"{named[0]} and {named[1]}: two masks of one series; join them")
    if named:
        lesions = read_volume_mask(Path(named[0]), plane).lie_on(slices)
        if lesions is None:
            raise InputError(
                f"its mask {named[0]} does not lie on its slices, pixel on pixel; resample it"
            )
        return lesions, set()
    found = {mask.name: mask.lie_on(slices) for mask in beside}
    joined: Lesions = {}
    for lesions in found.values():
        for row, is_lesion in (lesions or {}).items():
            joined[row] = is_lesion | joined.get(row, np.False_)
    return joined or None, {name for name, lesions in found.items() if lesions is not None}


def find_doubtful(slices: Sequence[WrittenSlice], lesions: Lesions) -> dict[int, Unreadable]:
    """Find slices without a lesion that are repeated, as resampled scans do, and once have one."""
    shown = {slices[row].path.read_bytes() for row in lesions}
    return {
        row: Unreadable(one.name, "the same picture as a slice with a lesion, and has none")
        for row, one in enumerate(slices)
        if shown and row not in lesions and one.path.read_bytes() in shown
    }


def _keep_lesions(name: str, slices: Sequence[ScanSlice]) -> VolumeMask:
    shown = [one for one in slices if (one.image > _HALF).any()]
    if not shown:
        raise InputError(f"{name}: shows no lesion")
    return VolumeMask(name, shown)


def _is_on(mask: ScanSlice, shown: WrittenSlice) -> bool:
    return (
        mask.corners_mm is not None
        and shown.corners_mm is not None
        and mask.image.shape[:2] == shown.size_hw
        and bool((np.abs(mask.corners_mm - shown.corners_mm) < _TOLERANCE_MM).all())
    )
