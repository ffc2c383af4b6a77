"""Find the scans among files, folders and zip archives."""

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from tumorscope.errors import InputError, suggest
from tumorscope.scans.archive import is_document, list_members
from tumorscope.scans.dicom.series import inspect_dicom, list_scans
from tumorscope.scans.formats import READABLE, UNKNOWN, Format, recognize_format
from tumorscope.scans.images import decode_slice
from tumorscope.scans.nifti import PLANES, read_nifti
from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import naming, refusing
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable
from tumorscope.scans.stored_file import StoredFile, read_limited, store_bytes, store_path

STDIN = "-"
# The square that networks take has 224 px, and shows what is left after the air is cropped: a
# picture at least twice as large as this is read reduced. docs/predict.md says what that changes.
LEAST_SIDE_PX = 320
# What lies beside scans and is none; files of these names are passed over, not reported.
_COMPANION_SUFFIXES = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".md", ".xml", ".html", ".htm", ".yaml", ".yml", ".log"}
    | {".bval", ".bvec", ".pdf", ".py"}
)
_COMPANION_NAMES = frozenset({"thumbs.db", "desktop.ini", "license", "readme"})


def find_scans(
    inputs: str | Path | Sequence[str | Path], *, plane: str = "axial", volume: int = 0
) -> Iterator[Scan | Unreadable]:
    """Find what can be read as slices of a scan; nothing is decoded yet.

    Parameters
    ----------
    inputs
        A file, a folder (with all below it), a zip archive, ``-`` for one file from the standard
        input, or several of these. What a file is, is decided by its content.
    plane
        How the volume of a NIfTI file is cut: ``axial``, ``coronal`` or ``sagittal``.
    volume
        Which volume of a 4-D NIfTI file, from 0.

    Returns
    -------
    iterator
        Images and NIfTI volumes in the order of the inputs, then DICOM files, put together to
        series. Files that are none of these are given as `Unreadable`; hidden files and, in
        folders and archives, texts and tables are passed over.

    Raises
    ------
    InputError
        An input does not exist, the plane is unknown or the volume negative.
    """
    if plane not in PLANES:
        raise InputError(
            f"plane {plane!r}: expected axial, coronal or sagittal{suggest(plane, PLANES)}"
        )
    if volume < 0:
        raise InputError(f"volume {volume}: volumes are counted from 0")
    given = [inputs] if isinstance(inputs, (str, Path)) else list(inputs)
    for path in given:
        if str(path) != STDIN:
            _check_exists(path)
    return _find(given, plane, volume)


def _check_exists(path: str | Path) -> None:
    """Refuse at once what is not there, and a pipe, which might never end."""
    try:
        is_there, is_pipe = Path(path).exists(), is_special(Path(path))
    except OSError as error:  # the name is too long, or a folder on the way is closed
        raise InputError(f"{path}: no such file or folder ({error.strerror})") from error
    if not is_there:
        raise InputError(f"{path}: no such file or folder")
    if is_pipe:
        raise InputError(f"{path}: neither a file nor a folder; pass its content on to '{STDIN}'")


def is_special(path: Path) -> bool:
    """Tell pipes, sockets and devices: to open one may mean to wait for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # what is not there is told elsewhere
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _find(given: Sequence[str | Path], plane: str, volume: int) -> Iterator[Scan | Unreadable]:
    members = []
    for found in _list_files(given):
        if isinstance(found, Unreadable):
            yield found
            continue
        file, form = found
        if form is Format.IMAGE:
            yield Scan(file.name, partial(_read_image, file), is_portable=file.is_on_disk)
        elif form is Format.NIFTI:
            yield Scan(file.name, partial(read_nifti, file, plane, volume), is_large=True)
        else:
            member = inspect_dicom(file)
            if isinstance(member, Unreadable):
                yield member
            else:
                members.append(member)
    yield from list_scans(members)


def _read_image(file: StoredFile) -> Iterator[ScanSlice]:
    with naming(file.name), refusing("file"):
        data = file.read_image()
    with quiet():
        image = decode_slice(data, file.name, LEAST_SIDE_PX)
    yield ScanSlice(file.name, image, None, 0)


def _list_files(given: Sequence[str | Path]) -> Iterator[tuple[StoredFile, Format] | Unreadable]:
    """List the files of all inputs, those in archives included, with their formats."""
    for path in given:
        if str(path) == STDIN:
            yield from _list_stdin()
        elif Path(path).is_dir():
            yield from _list_folder(Path(path))
        else:
            yield from _list_file(store_path(Path(path)))


def _list_stdin() -> Iterator[tuple[StoredFile, Format] | Unreadable]:
    if sys.stdin is None:
        yield Unreadable("stdin", "is closed")
        return
    try:
        data = read_limited(sys.stdin.buffer)
    except InputError as error:
        yield Unreadable("stdin", str(error))
    else:
        yield from _list_file(store_bytes("stdin", data))


def _list_folder(folder: Path) -> Iterator[tuple[StoredFile, Format] | Unreadable]:
    is_empty = True
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for link in filter(Path.is_symlink, (Path(parent, name) for name in folders)):
            is_empty = False  # links are not followed: they may lead round in circles
            yield Unreadable(str(link), "a link to a folder; give that folder itself")
        for path in (Path(parent, name) for name in sorted(names) if not is_hidden(name)):
            if not is_special(path):
                for found in _list_file(store_path(path), is_named=False):
                    is_empty = False
                    yield found
    for error in closed:
        yield Unreadable(str(error.filename), f"cannot be read: {error.strerror}")
    if is_empty and not closed:
        yield Unreadable(str(folder), f"no {READABLE} in this folder")


def _list_file(
    file: StoredFile, *, is_named: bool = True, is_packed: bool = False
) -> Iterator[tuple[StoredFile, Format] | Unreadable]:
    """Tell the format of a file; of an archive list the files instead, of a companion nothing."""
    try:
        with refusing("file"):
            form = recognize_format(file.read_head())
    except InputError as error:
        yield Unreadable(file.name, str(error))
        return
    if form is Format.ZIP and is_document(file):
        if is_named:
            yield Unreadable(file.name, f"a document; expected {READABLE}")
    elif form is Format.ZIP and is_packed:
        yield Unreadable(file.name, "an archive inside an archive; unpack it first")
    elif form is Format.ZIP:
        yield from _list_archive(file)
    elif form is not None:
        yield file, form
    elif is_named or not is_companion(file.name):
        yield Unreadable(file.name, UNKNOWN)


def _list_archive(archive: StoredFile) -> Iterator[tuple[StoredFile, Format] | Unreadable]:
    is_empty = True
    try:
        for member in list_members(archive):
            inside = PurePosixPath(member.name[len(archive.name) + 1 :])
            if not any(is_hidden(part) for part in inside.parts):
                for found in _list_member(member):
                    is_empty = False
                    yield found
    except InputError as error:
        yield Unreadable(archive.name, str(error))
    else:
        if is_empty:
            yield Unreadable(archive.name, f"no {READABLE} in this archive")


def _list_member(
    member: StoredFile | Unreadable,
) -> Iterator[tuple[StoredFile, Format] | Unreadable]:
    if isinstance(member, Unreadable):
        yield member
    else:
        yield from _list_file(member, is_named=False, is_packed=True)


def recognize_file(path: Path) -> Format | None:
    """Tell the format of a file by its content; None of any other, and where it cannot be read."""
    try:
        return recognize_format(store_path(path).read_head()) if path.is_file() else None
    except OSError:
        return None


def holds_slices(path: Path) -> bool:
    """Tell whether a file is no picture but holds some: a DICOM file, a volume, an archive."""
    return recognize_file(path) in (Format.DICOM, Format.NIFTI, Format.ZIP)


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is passed over, wherever it lies."""
    return name.startswith(".") or name in ("__MACOSX", "DICOMDIR")


def is_companion(name: str) -> bool:
    """Tell by its name whether a file is what lies beside scans: a text, a table."""
    path = PurePosixPath(name.lower())
    return path.suffix in _COMPANION_SUFFIXES or path.name in _COMPANION_NAMES
