"""Which files are no pictures, and the folder that their slices are written to."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tumorscope.dataset.labelled_files import LabelledFile
from tumorscope.dataset.unpacking.patients import keep_salt
from tumorscope.dataset.unpacking.writer import SliceWriter, Unpacked
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback
from tumorscope.replacing import check_replaceable, replace_folder
from tumorscope.scans.find import holds_slices, recognize_file
from tumorscope.scans.formats import Format
from tumorscope.scans.scan import Unreadable

SLICES_FOLDER, SALT_FILE = "slices", "salt"
_STEP = "unpack"


def unpack(
    files: Sequence[LabelledFile], home: Path | None, on_progress: ProgressCallback
) -> Unpacked:
    """Write the slices of all files that are no pictures: volumes, series, archives, folders.

    Parameters
    ----------
    files
        As sources list them, each with the ``source`` among its details. Folders that are not
        looked into are left out. DICOM files of one source
        are put together to series, whatever their classes. A file that cannot be opened is taken
        for a picture; whoever reads it will say why.
    home
        The folder that gets ``slices``, written whole or not at all, and ``salt``; neither is
        made where all files are pictures.
    on_progress
        Called with the number of slices so far.

    Returns
    -------
    Unpacked
        The pictures, then the slices of each scan, in order, as from `SliceWriter`.

    Raises
    ------
    InputError
        There is no `home`, or it cannot be written.
    """
    refused = [Unreadable(str(file.path), file.refusal) for file in files if file.refusal]
    files = [file for file in files if not file.refusal]
    listed = {parent for file in files for parent in file.path.parents}
    is_packed = [file.path not in listed and _is_packed(file.path) for file in files]
    packed = [file for file, is_one in zip(files, is_packed, strict=True) if is_one]
    others = [file for file, is_one in zip(files, is_packed, strict=True) if not is_one]
    left_out = refused + [_refuse_folder(file) for file in others if file.path in listed]
    pictures = [file for file in others if file.path not in listed]
    if not packed:
        return Unpacked(pictures, left_out)
    if home is None:
        raise InputError(f"{packed[0].path}: no picture, and there is no folder to unpack it to")
    salt = keep_salt(home / SALT_FILE)
    unpacked = Unpacked(pictures, left_out)
    with replace_folder(home / SLICES_FOLDER, _STEP) as folder:
        writer = SliceWriter(folder, home / SLICES_FOLDER, salt, on_progress)
        for together in _list_together(packed):
            part = writer.write(together)
            unpacked.files.extend(part.files)
            unpacked.left_out.extend(part.left_out)
    return unpacked


def holds_unpacked(home: Path) -> bool:
    """Tell whether the ``slices`` in a folder are those of `unpack`, and may be replaced."""
    try:
        check_replaceable(home / SLICES_FOLDER, _STEP)
    except InputError:
        return False
    return (home / SLICES_FOLDER).is_dir()


def _refuse_folder(file: LabelledFile) -> Unreadable:
    return Unreadable(str(file.path), "a folder that holds what other rows name; name either")


def _is_packed(path: Path) -> bool:
    return path.is_dir() or holds_slices(path)


def _list_together(packed: Sequence[LabelledFile]) -> Iterator[list[LabelledFile]]:
    """Give what may belong together: the DICOM files of a source; all others stand alone."""
    loose: dict[str, list[LabelledFile]] = {}
    for file in packed:
        if recognize_file(file.path) is Format.DICOM:
            loose.setdefault(file.details["source"], []).append(file)
        else:
            yield [file]
    yield from loose.values()
