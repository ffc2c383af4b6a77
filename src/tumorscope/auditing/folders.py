"""Which folders are looked through, what they are called, and which files in them."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tumorscope.errors import InputError
from tumorscope.scans.find import is_companion, is_hidden, is_special

_NOTHING: Mapping[str, str] = MappingProxyType({})


class FoundFile(NamedTuple):
    """A file that should be an image or hold slices, or a slice that was unpacked.

    Attributes
    ----------
    folder
        The number of the folder, or other source, that it was found in.
    path
        Its name there.
    label_name
        The name of the subfolder that holds it, empty if the folder itself does; or its class.
    file
        The file to read.
    label
        1 with a tumor and 0 without; None where that is not known.
    details
        What else is known of it, such as its ``series``.
    is_unpacked
        Whether `file` is a slice that was unpacked.
    """

    folder: int
    path: Path
    label_name: str
    file: Path
    label: int | None = None
    details: Mapping[str, str] = _NOTHING
    is_unpacked: bool = False

    @property
    def is_told_apart(self) -> bool:
        """Whether it is known whose head it shows, or which volume it is a slice of."""
        return "patient_id" in self.details or (self.is_unpacked and "series" in self.details)


class LeftOut(NamedTuple):
    """What cannot be read in a folder, by its number, and why; `path` is its name there."""

    folder: int
    path: Path
    reason: str


class Listing(NamedTuple):
    """What is to be read of some folders, or other sources, with their names."""

    names: list[str]
    files: list[FoundFile]
    left_out: list[LeftOut]


def check_folders(folders: Sequence[Path]) -> None:
    """Refuse folders that are missing, the same, or inside each other.

    Raises
    ------
    InputError
        Any of that, or no folder at all.
    """
    if not folders:
        raise InputError("give at least one folder of images")
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; give a folder of images")
    resolved = [folder.resolve() for folder in folders]
    for row, inner in enumerate(resolved):
        for other, outer in enumerate(resolved):
            if row != other and inner.is_relative_to(outer):
                relation = "the same folder" if inner == outer else "one is inside the other"
                raise InputError(
                    f"{folders[other]} and {folders[row]}: {relation}; give folders that share "
                    "no files"
                )


def name_folders(folders: Sequence[Path]) -> list[str]:
    """Name each folder by as little of the end of its path as tells them apart."""
    parts = [folder.resolve().parts for folder in folders]
    kept = 1
    while len({path[-kept:] for path in parts}) < len(parts):
        kept += 1
    return ["/".join(path[-kept:]).replace("//", "/") for path in parts]


def list_files(folders: Sequence[Path]) -> list[FoundFile]:
    """List the files that may be scans, by folder and path.

    Links to folders are not followed. They are listed, as are folders that are closed: whoever
    reads them says why that cannot be done. Pipes and devices are left out, and so is what is
    hidden, and the texts and tables that lie beside scans.

    Raises
    ------
    InputError
        A folder holds no such file.
    """
    found = []
    for number, folder in enumerate(folders):
        paths = sorted(_walk(folder))
        if not paths:
            raise InputError(
                f"{folder}: no JPEG, PNG, BMP or TIFF images, DICOM, NIfTI or zip files here"
            )
        found += [FoundFile(number, path, path.parent.name, folder / path) for path in paths]
    return found


def _walk(folder: Path) -> list[Path]:
    found: list[Path] = []
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not is_hidden(name)]
        links = [path for path in (Path(place, name) for name in folders) if path.is_symlink()]
        found += [path.relative_to(folder) for path in links]
        found += [
            path.relative_to(folder)
            for path in (Path(place, name) for name in names)
            if not (is_hidden(path.name) or is_companion(path.name) or is_special(path))
        ]
    return found + [Path(error.filename).relative_to(folder) for error in closed]
