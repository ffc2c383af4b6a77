"""Unpack what is no picture in the folders that are looked through."""

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from tumorscope.auditing.folders import FoundFile, LeftOut
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback
from tumorscope.scans.find import find_scans, holds_slices
from tumorscope.scans.pictures import WrittenSlice, find_file, write_slices
from tumorscope.scans.scan import Scan, Unreadable


def unpack_files(
    folders: Sequence[Path],
    files: Sequence[FoundFile],
    home: Path | None,
    on_progress: ProgressCallback,
) -> tuple[list[FoundFile], list[LeftOut]]:
    """Put the slices of volumes, series and archives in the place of these files.

    Parameters
    ----------
    folders, files
        As for and from `list_files`.
    home
        The folder to write pictures of the slices to.
    on_progress
        Called with the number of slices so far.

    Returns
    -------
    tuple
        The pictures of each folder, then its slices, named as `predict` names them, with the label
        name of their file; and what cannot be read. Segmentations are passed over.

    Raises
    ------
    InputError
        There is something to unpack, and no `home`.
    """
    is_packed = [holds_slices(file.file) for file in files]
    packed = [file for file, is_one in zip(files, is_packed, strict=True) if is_one]
    if not packed:
        return list(files), []
    if home is None:
        raise InputError(f"{packed[0].path}: no picture, and there is no folder to unpack it to")
    unpacked = [file for file, is_one in zip(files, is_packed, strict=True) if not is_one]
    left_out: list[LeftOut] = []
    counted = count(1)
    for number, folder in enumerate(folders):
        by_path = {file.file: file for file in packed if file.folder == number}
        for at, scan in enumerate(find_scans(list(by_path))):
            written, damaged = _write(
                scan,
                home / str(number) / f"{at:05d}",
                lambda: on_progress("unpacking slices", next(counted), 0),
            )
            for one in written:
                file = by_path[find_file(one.name, by_path)]
                path = Path(one.name).relative_to(folder)
                details = {**file.details, **_place(one)}
                unpacked.append(
                    file._replace(path=path, file=one.path, details=details, is_unpacked=True)
                )
            left_out += [
                LeftOut(number, Path(one.name).relative_to(folder), one.reason) for one in damaged
            ]
    return sorted(unpacked, key=lambda file: file.folder), left_out


def _write(
    scan: Scan | Unreadable, folder: Path, on_slice: Callable[[], object]
) -> tuple[list[WrittenSlice], list[Unreadable]]:
    if isinstance(scan, Unreadable):
        return [], [scan]
    if scan.is_segmentation:
        return [], []
    try:
        return write_slices(scan, folder, on_slice)
    except InputError as error:
        return [], [Unreadable(scan.name, str(error).removeprefix(f"{scan.name}: "))]


def _place(one: WrittenSlice) -> dict[str, str]:
    return {} if one.series is None else {"series": one.series, "slice": str(one.place)}
