"""Find the files of folders and tables to look through, with their labels where these are told."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tumorscope.auditing.folders import (
    FoundFile,
    LeftOut,
    Listing,
    check_folders,
    list_files,
    name_folders,
)
from tumorscope.auditing.unpacking import unpack_files
from tumorscope.dataset.class_names import ClassNames
from tumorscope.dataset.labelled_files import LabelledFile, list_folder, list_table
from tumorscope.dataset.unpacking.origins import UNPACKED_FROM
from tumorscope.dataset.unpacking.unpack import unpack
from tumorscope.dataset.unpacking.writer import NO_LESION
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback


class FoundSources(NamedTuple):
    """What is to be read of all sources, and why labels of some are not told."""

    listing: Listing
    untold: list[str]


def find_sources(
    given: Sequence[Path], names: ClassNames, home: Path, on_progress: ProgressCallback
) -> FoundSources:
    """Find the pictures of folders and CSV tables, and unpack what else is a scan.

    Parameters
    ----------
    given
        Folders, of whatever structure, and tables as for a training.
    names
        Of the classes. A folder that has not these is read without labels.
    home
        The folder for slices that are unpacked.
    on_progress
        Called as work goes on.

    Raises
    ------
    InputError
        A folder is missing, inside another or empty; a table cannot be used; or two sources list
        the same file.
    """
    tables = {number: path for number, path in enumerate(given) if _is_table(path)}
    folders = {number: path for number, path in enumerate(given) if number not in tables}
    if folders or not tables:
        check_folders(list(folders.values()))
    resolved = [path.resolve() for path in given]
    if twice := [path for path in resolved if resolved.count(path) > 1]:
        raise InputError(f"{twice[0]}: given twice; give each source once")
    own_names = name_folders(given)
    untold: list[str] = []
    found = _list_folders(folders, names, untold)
    rows = {number: list_table(path, names, needs_both=False) for number, path in tables.items()}
    _check_apart(own_names, found, rows)
    files, left_out = _unpack_folders(folders, found, home / "folders", on_progress)
    for number, table in tables.items():
        details = {"source": own_names[number]}
        listed = [file._replace(details={**details, **file.details}) for file in rows[number]]
        unpacked = unpack(listed, home / f"table {number}", on_progress)
        folder = table.parent
        files += [_take(file, number, folder) for file in _rename_no_lesion(unpacked.files)]
        left_out += [
            LeftOut(number, _shorten(one.name, folder), one.reason) for one in unpacked.left_out
        ]
    files = [
        file._replace(details={"source": own_names[file.folder], **file.details}) for file in files
    ]
    by_number = sorted(files, key=lambda file: file.folder)
    return FoundSources(Listing(own_names, by_number, left_out), untold)


def _is_table(path: Path) -> bool:
    return path.suffix.lower() == ".csv" and path.is_file()


def _list_folders(
    folders: Mapping[int, Path], names: ClassNames, untold: list[str]
) -> list[FoundFile]:
    """List the files of folders, with the number of each among all sources."""
    numbers = list(folders)
    found = [
        file._replace(folder=numbers[file.folder]) for file in list_files(list(folders.values()))
    ]
    told: dict[Path, LabelledFile] = {}
    for folder in folders.values():
        try:
            told |= {file.path: file for file in list_folder(folder, names, False)}
        except InputError as error:
            untold.append(str(error))
    return [_tell(file, told[file.file]) if file.file in told else file for file in found]


def _tell(file: FoundFile, told: LabelledFile) -> FoundFile:
    return file._replace(label=told.label, label_name=told.label_name)


def _unpack_folders(
    folders: Mapping[int, Path],
    found: Sequence[FoundFile],
    home: Path,
    on_progress: ProgressCallback,
) -> tuple[list[FoundFile], list[LeftOut]]:
    files: list[FoundFile] = []
    left_out: list[LeftOut] = []
    for number, folder in folders.items():
        own = [file._replace(folder=0) for file in found if file.folder == number]
        read, damaged = unpack_files([folder], own, home / str(number), on_progress)
        files += [file._replace(folder=number) for file in read]
        left_out += [one._replace(folder=number) for one in damaged]
    return files, left_out


def _check_apart(
    names: Sequence[str], found: Sequence[FoundFile], rows: Mapping[int, Sequence[LabelledFile]]
) -> None:
    """Refuse a file that two sources list: it would be found to be a copy of itself."""
    listed = [(file.file, file.folder) for file in found]
    listed += [(row.path, number) for number, table in rows.items() for row in table]
    first: dict[Path, int] = {}
    for path, number in listed:
        if (other := first.setdefault(path.resolve(), number)) != number:
            raise InputError(
                f"{path}: listed by both {names[other]} and {names[number]}; give sources that "
                "share no file"
            )


def _rename_no_lesion(files: Sequence[LabelledFile]) -> list[LabelledFile]:
    """Call slices beside a lesion as the table calls those of no tumor: they conflict with none."""
    name = next((file.label_name for file in files if not _is_told_by_mask(file)), NO_LESION)
    return [
        file._replace(label_name=name) if file.label_name == NO_LESION else file for file in files
    ]


def _is_told_by_mask(file: LabelledFile) -> bool:
    return file.label == 1 or file.label_name == NO_LESION


def _take(file: LabelledFile, number: int, folder: Path) -> FoundFile:
    name = file.details.get(UNPACKED_FROM)
    path = _shorten(name or str(file.path), folder)
    return FoundFile(
        number, path, file.label_name, file.path, file.label, file.details, name is not None
    )


def _shorten(name: str, folder: Path) -> Path:
    path = Path(name)
    return path.relative_to(folder) if path.is_relative_to(folder) else path
