"""Write the slices of scans to numbered folders, and label each of them."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tumorscope.dataset.labelled_files import LabelledFile
from tumorscope.dataset.unpacking.origins import UNPACKED_FROM
from tumorscope.dataset.unpacking.patients import encode_patient
from tumorscope.dataset.unpacking.volume_masks import (
    Lesions,
    VolumeMask,
    find_doubtful,
    find_lesions,
    read_segmentation,
)
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback
from tumorscope.scans.dicom.patient import read_patient_id
from tumorscope.scans.find import find_scans
from tumorscope.scans.nifti import PLANES
from tumorscope.scans.pictures import WrittenSlice, find_file, write_slices
from tumorscope.scans.scan import Scan, Unreadable

NO_LESION = "no lesion"
"""The label name of a slice without a lesion, of a scan with one."""


class Unpacked(NamedTuple):
    """Labelled pictures, those that were written among them, and what was left out."""

    files: list[LabelledFile]
    left_out: list[Unreadable]


class SliceWriter:
    """Writes slices as pictures, each with the details of the file that it is from.

    A slice is told by ``unpacked_from``, and by ``series`` and ``slice`` of its scan. Its
    ``patient_id`` is that of its file or, encoded, of a DICOM header. Where a mask lies on a
    scan, named by ``mask`` or found beside it as a DICOM segmentation, slices with a lesion keep
    the label and have a ``mask``, a picture; the others have the label 0 and the name `NO_LESION`.

    Parameters
    ----------
    folder
        Gets a folder for each source, and there one for each scan.
    final
        Where `folder` will be at last.
    salt
        For the codes of patients.
    on_progress
        Called with the number of slices so far.
    """

    def __init__(
        self, folder: Path, final: Path, salt: bytes, on_progress: ProgressCallback
    ) -> None:
        self._folder, self._final, self._salt = folder, final, salt
        self._on_progress = on_progress
        self._sources: dict[str, int] = {}
        self._scans: Counter[str] = Counter()
        self._slices = 0

    def write(self, together: Sequence[LabelledFile]) -> Unpacked:
        """Write the slices of files of one source that may belong together.

        A scan that cannot be read, or whose mask does not fit, is left out and told.
        """
        first = together[0]
        plane = first.details.get("plane", "").lower()
        plane = plane if plane in PLANES else "axial"
        found = list(find_scans([file.path for file in together], plane=plane))
        unpacked = Unpacked([], [scan for scan in found if isinstance(scan, Unreadable)])
        scans = [scan for scan in found if isinstance(scan, Scan)]
        beside = _read_segmentations(scans, unpacked.left_out)
        used: set[str] = set()
        for scan in scans:
            if not scan.is_segmentation:
                used |= self._write_scan(scan, together, beside, plane, unpacked)
        unpacked.left_out.extend(
            Unreadable(mask.name, "a segmentation that lies on no scan beside it")
            for mask in beside
            if mask.name not in used
        )
        return unpacked

    def _write_scan(
        self,
        scan: Scan,
        together: Sequence[LabelledFile],
        beside: Sequence[VolumeMask],
        plane: str,
        unpacked: Unpacked,
    ) -> set[str]:
        """Add the slices of one scan to what was unpacked; give the masks that lie on it."""
        by_path = {file.path: file for file in together}
        folder = self._number(together[0].details["source"])
        try:
            slices, damaged = write_slices(scan, folder, self._count)
            rows = [by_path[find_file(one.name, by_path)] for one in slices]
            named = {row.details["mask"] for row in rows if "mask" in row.details}
            lesions, used = find_lesions(slices, sorted(named), beside, plane)
            _check_positive(rows, lesions)
            patient = self._find_patient(scan, rows)
        except InputError as error:
            shutil.rmtree(folder, ignore_errors=True)
            unpacked.left_out.append(_refuse(scan, error))
            return set()
        doubtful = find_doubtful(slices, lesions or {})
        unpacked.left_out.extend([*damaged, *doubtful.values()])
        unpacked.files.extend(
            self._label(one, row, patient, lesions, number)
            for number, (one, row) in enumerate(zip(slices, rows, strict=True))
            if number not in doubtful
        )
        return used

    def _number(self, source: str) -> Path:
        number = self._sources.setdefault(source, len(self._sources))
        self._scans[source] += 1
        return self._folder / str(number) / f"{self._scans[source] - 1:05d}"

    def _count(self) -> None:
        self._slices += 1
        self._on_progress("unpacking slices", self._slices, 0)

    def _find_patient(self, scan: Scan, rows: Sequence[LabelledFile]) -> str | None:
        """Find whose scan it is, encoded, unless its files say so."""
        if all("patient_id" in row.details for row in rows):
            return None
        patients = {read_patient_id(member) for member in scan.members} - {None}
        if len(patients) > 1:
            raise InputError(
                f"{scan.name}: files of {len(patients)} patients under one series UID; give each "
                "patient a folder, and each folder a row of a table"
            )
        return next((encode_patient(str(one), self._salt) for one in patients), None)

    def _label(
        self,
        one: WrittenSlice,
        row: LabelledFile,
        patient: str | None,
        lesions: Lesions | None,
        number: int,
    ) -> LabelledFile:
        details = {key: value for key, value in row.details.items() if key != "mask"}
        details[UNPACKED_FROM] = one.name
        if one.series is not None:
            details |= _place(one, row)
        if patient is not None:
            details.setdefault("patient_id", patient)
        label, label_name = row.label, row.label_name
        if lesions is not None and number not in lesions:
            label, label_name = 0, NO_LESION
        elif lesions is not None:
            path = one.path.with_suffix(".mask.png")
            Image.fromarray(np.uint8(255) * lesions[number]).save(path)
            details["mask"] = str(self._settle(path).resolve())
        return LabelledFile(self._settle(one.path), label, label_name, details)

    def _settle(self, path: Path) -> Path:
        return self._final / path.relative_to(self._folder)


def _read_segmentations(scans: Sequence[Scan], left_out: list[Unreadable]) -> list[VolumeMask]:
    masks = []
    for scan in scans:
        if scan.is_segmentation:
            try:
                masks.append(read_segmentation(scan))
            except InputError as error:
                left_out.append(_refuse(scan, error))
    return masks


def _place(one: WrittenSlice, row: LabelledFile) -> Mapping[str, str]:
    """Give series and slice of the scan; a row about this very file may say it otherwise."""
    place = {"series": str(one.series), "slice": str(one.place)}
    is_own = one.name == str(row.path)
    return {key: row.details.get(key, value) if is_own else value for key, value in place.items()}


def _check_positive(rows: Sequence[LabelledFile], lesions: Lesions | None) -> None:
    if lesions is not None and not all(row.label for row in rows):
        name = next(row.label_name for row in rows if not row.label)
        raise InputError(f"labelled {name!r}, and its mask shows a lesion; correct one")


def _refuse(scan: Scan, error: InputError) -> Unreadable:
    return Unreadable(scan.name, str(error).removeprefix(f"{scan.name}: "))
