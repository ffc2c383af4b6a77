"""What is no picture is written once as lossless pictures, and from then on it is one."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from tumorscope.atomic import replace_folder
from tumorscope.dataset.labelled_files import LabelledFile
from tumorscope.dataset.patients import encode_patient, keep_salt
from tumorscope.dataset.volume_masks import (
    Lesions,
    VolumeMask,
    read_segmentation,
    read_volume_mask,
)
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback
from tumorscope.scans.dicom.patient import read_patient_id
from tumorscope.scans.find import find_scans, recognize_file
from tumorscope.scans.formats import Format
from tumorscope.scans.images import read_slice
from tumorscope.scans.nifti import PLANES
from tumorscope.scans.pictures import WrittenSlice, find_file, write_slices
from tumorscope.scans.scan import Scan, Unreadable

SLICES_FOLDER, SALT_FILE, MARK_FILE = "slices", "salt", "UNPACKED.txt"
UNPACKED_FROM = "unpacked_from"
"""The column that names a slice as `predict` does: its file, and its place there."""
NO_LESION = "no lesion"
"""The label name of a slice without a lesion, of a scan with one."""
_MARK = "Slices that Tumorscope unpacked from scans; manifest.csv says from which.\n"


class Unpacked(NamedTuple):
    """Labelled pictures, those that were written among them, and what was left out."""

    files: list[LabelledFile]
    left_out: list[Unreadable]


def unpack(
    files: Sequence[LabelledFile], home: Path | None, on_progress: ProgressCallback
) -> Unpacked:
    """Write the slices of all files that are no pictures: volumes, series, archives, folders.

    Parameters
    ----------
    files
        As sources list them, each with the ``source`` among its details. DICOM files of one source
        are put together to series, whatever their classes. A file that cannot be opened is taken
        for a picture; whoever reads it will say why.
    home
        The folder that gets ``slices``, written whole or not at all, and ``salt``; neither is
        made where all files are pictures.
    on_progress
        Called with the number of slices written so far.

    Returns
    -------
    Unpacked
        The pictures, then the slices of each scan, in order. These have the details of their file
        with ``unpacked_from``, ``series`` and ``slice`` of the scan, and the ``patient_id``: the
        file's own one or, encoded, that of a DICOM header. Where a mask lies on a scan, named by
        ``mask`` or found beside it as a DICOM segmentation, slices with a lesion keep the
        label and have a ``mask``, a picture; the others have the label 0 and the name `NO_LESION`.

    Raises
    ------
    InputError
        There is no `home`, or it cannot be written.
    """
    listed = {parent for file in files for parent in file.path.parents}
    packed = [file for file in files if file.path not in listed and _is_packed(file.path)]
    if not packed:
        return Unpacked(list(files), [])
    if home is None:
        raise InputError(f"{packed[0].path}: no picture, and there is no folder to unpack it to")
    salt = keep_salt(home / SALT_FILE)
    chosen = {id(file) for file in packed}
    unpacked = Unpacked([file for file in files if id(file) not in chosen], [])
    with replace_folder(home / SLICES_FOLDER) as folder:
        (folder / MARK_FILE).write_text(_MARK, "utf-8")
        writer = _Writer(folder, home / SLICES_FOLDER, salt, on_progress)
        for together in _list_together(packed):
            part = writer.unpack(together)
            unpacked.files.extend(part.files)
            unpacked.left_out.extend(part.left_out)
    return unpacked


def name_origins(slices: pd.DataFrame) -> pd.Series:
    """Name each slice of a manifest as its user knows it: by its file, and its place there."""
    if UNPACKED_FROM not in slices:
        return slices["path"]
    return slices[UNPACKED_FROM].fillna(slices["path"])


def read_by_origin(slices: pd.DataFrame) -> Callable[[str], NDArray[np.uint8]]:
    """Give what reads the slice of a manifest that `name_origins` names."""
    paths = dict(zip(name_origins(slices), slices["path"], strict=True))
    return lambda name: read_slice(Path(paths[name]))


def _is_packed(path: Path) -> bool:
    return path.is_dir() or recognize_file(path) in (Format.DICOM, Format.NIFTI, Format.ZIP)


def _list_together(packed: Sequence[LabelledFile]) -> Iterator[list[LabelledFile]]:
    """Give what may belong together: the DICOM files of a source; all others stand alone."""
    loose: dict[str, list[LabelledFile]] = {}
    for file in packed:
        if recognize_file(file.path) is Format.DICOM:
            loose.setdefault(file.details["source"], []).append(file)
        else:
            yield [file]
    yield from loose.values()


class _Writer:
    """Writes scans to numbered folders, one for each source, and labels their slices."""

    def __init__(
        self, folder: Path, final: Path, salt: bytes, on_progress: ProgressCallback
    ) -> None:
        self._folder, self._final, self._salt = folder, final, salt
        self._on_progress = on_progress
        self._sources: dict[str, int] = {}
        self._scans: Counter[str] = Counter()
        self._slices = 0

    def unpack(self, together: Sequence[LabelledFile]) -> Unpacked:
        first = together[0]
        by_path = {file.path: file for file in together}
        plane = first.details.get("plane", "").lower()
        plane = plane if plane in PLANES else "axial"
        found = list(find_scans([file.path for file in together], plane=plane))
        left_out = [scan for scan in found if isinstance(scan, Unreadable)]
        scans = [scan for scan in found if isinstance(scan, Scan)]
        beside: list[VolumeMask] = []
        for scan in (scan for scan in scans if scan.is_segmentation):
            try:
                beside.append(read_segmentation(scan))
            except InputError as error:
                left_out.append(_refuse(scan, error))
        used: set[str] = set()
        files: list[LabelledFile] = []
        for scan in (scan for scan in scans if not scan.is_segmentation):
            folder = self._number(first.details["source"])
            try:
                slices, damaged = write_slices(scan, folder, self._count)
                rows = [by_path[find_file(one.name, by_path)] for one in slices]
                lesions, names = _find_lesions(slices, rows, beside, plane)
                patient = self._find_patient(scan, rows)
                _check_positive(rows, lesions)
            except InputError as error:
                shutil.rmtree(folder, ignore_errors=True)
                left_out.append(_refuse(scan, error))
                continue
            used |= names
            doubtful = _find_doubtful(slices, lesions or {})
            left_out += [*damaged, *doubtful.values()]
            files += [
                self._label(one, row, patient, lesions, number)
                for number, (one, row) in enumerate(zip(slices, rows, strict=True))
                if number not in doubtful
            ]
        left_out += [
            Unreadable(mask.name, "a segmentation that lies on no scan beside it")
            for mask in beside
            if mask.name not in used
        ]
        return Unpacked(files, left_out)

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


def _place(one: WrittenSlice, row: LabelledFile) -> Mapping[str, str]:
    """Give series and slice of the scan; a row about this very file may say it otherwise."""
    place = {"series": str(one.series), "slice": str(one.place)}
    is_own = one.name == str(row.path)
    return {key: row.details.get(key, value) if is_own else value for key, value in place.items()}


def _find_lesions(
    slices: Sequence[WrittenSlice],
    rows: Sequence[LabelledFile],
    beside: Sequence[VolumeMask],
    plane: str,
) -> tuple[Lesions | None, set[str]]:
    """Find the lesions in a scan, None where no mask is about it, and the masks beside it used."""
    named = sorted({row.details["mask"] for row in rows if "mask" in row.details})
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


def _check_positive(rows: Sequence[LabelledFile], lesions: Lesions | None) -> None:
    if lesions is not None and not all(row.label for row in rows):
        name = next(row.label_name for row in rows if not row.label)
        raise InputError(f"labelled {name!r}, and its mask shows a lesion; correct one")


def _find_doubtful(slices: Sequence[WrittenSlice], lesions: Lesions) -> dict[int, Unreadable]:
    """Find slices without a lesion that are repeated, as resampled scans do, and once have one."""
    shown = {slices[row].path.read_bytes() for row in lesions}
    return {
        row: Unreadable(one.name, "the same picture as a slice with a lesion, and has none")
        for row, one in enumerate(slices)
        if shown and row not in lesions and one.path.read_bytes() in shown
    }


def _refuse(scan: Scan, error: InputError) -> Unreadable:
    return Unreadable(scan.name, str(error).removeprefix(f"{scan.name}: "))
