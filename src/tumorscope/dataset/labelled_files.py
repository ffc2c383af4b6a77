"""The files of a data source with their labels: of a folder of classes, or of a CSV table.

A file is a picture, or something that holds slices: a volume, a DICOM file, an archive.
"""

import logging
import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from tumorscope.dataset.class_names import ClassNames
from tumorscope.dataset.unpacking.volume_masks import is_volume_mask
from tumorscope.errors import InputError
from tumorscope.scans.find import is_companion, is_hidden, recognize_file
from tumorscope.scans.images import is_image_file

_log = logging.getLogger(__name__)

PART = "part"
_PARTS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class LabelledFile(NamedTuple):
    """A file that should be a slice or hold slices, and what its source says about it.

    `details` are the further columns of a table that are filled, such as ``patient_id``; the path
    in ``mask`` is absolute.
    """

    path: Path
    label: int
    label_name: str
    details: Mapping[str, str] = _NOTHING


def list_folder(folder: Path, names: ClassNames, needs_both: bool) -> list[LabelledFile]:
    """List the scans of a folder with one subfolder for each class, by class and path.

    A folder around the classes is entered. Folders such as ``Training`` and ``Testing``, which hold
    the classes each, are read as one; the column ``part`` keeps their names.

    Raises
    ------
    InputError
        The subfolders are not the two classes, or two of them differ in case only.
    """
    classes = _list_folders(folder)
    by_name = {child.name.lower(): child for child in classes}
    if len(by_name) < len(classes):
        written = ", ".join(child.name for child in classes)
        raise InputError(f"{folder}: two folders differ in case only ({written}); join them")
    if by_name and by_name.keys() <= _PARTS - names.known:
        return [
            file._replace(details={PART: part.name})
            for part in classes
            for file in list_folder(part, names, needs_both)
        ]
    if by_name.keys().isdisjoint(names.known) and len(classes) == 1 and _list_folders(classes[0]):
        return list_folder(classes[0], names, needs_both)  # an archive, unpacked
    labels = names.label(by_name, folder, needs_both)
    return [
        LabelledFile(path, labels[name], by_name[name].name)
        for name in sorted(labels, key=lambda name: (labels[name], name))
        for path in _list_scans(by_name[name])
    ]


def _list_folders(folder: Path) -> list[Path]:
    return sorted(
        child
        for child in folder.iterdir()
        if child.is_dir() and not is_hidden(child.name) and any(map(_is_scan, _walk(child)))
    )


def _list_scans(folder: Path) -> list[Path]:
    """List what is none of the texts and tables that lie beside scans; a reader tells the rest."""
    _warn_of_passed_over(folder)
    return sorted(path for path in _walk(folder) if not is_companion(path.name))


def _warn_of_passed_over(folder: Path) -> None:
    """Say what is not looked into: closed folders, links to folders or to nothing.

    Links may go round in circles.
    """
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not is_hidden(name)]
        paths = [Path(place, name) for name in (*folders, *names) if not is_hidden(name)]
        for path in paths:
            if path.is_symlink() and not path.is_file():
                _log.warning("passed over: %s: a link to a folder, or to nothing", path)
    for error in closed:
        _log.warning("passed over: %s: %s", error.filename, error.strerror)


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if not any(map(is_hidden, path.relative_to(folder).parts)) and path.is_file():
            yield path


def _is_scan(path: Path) -> bool:
    is_told = is_image_file(path) or recognize_file(path) is not None
    return is_told and not is_companion(path.name)


def list_table(table: Path, names: ClassNames, needs_both: bool) -> list[LabelledFile]:
    """List the rows of a CSV table with the columns ``path`` (relative to it) and ``label``.

    All further columns are kept. Rows of one class will do where a mask is that of a volume, which
    then has slices of both.

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or its labels are not those of two classes.
    """
    try:
        rows = pd.read_csv(
            table, dtype=str, keep_default_na=False, index_col=False, usecols=lambda _: True
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{table}: not a readable CSV table: {error}") from error
    if missing := {"path", "label"} - set(rows.columns):
        raise InputError(f"{table}: the column {sorted(missing)[0]!r} is missing")
    further = [_fill(row, table) for row in rows.drop(columns=["path", "label"]).to_dict("records")]
    needs_both = needs_both and not any(
        is_volume_mask(Path(mask)) for mask in {row["mask"] for row in further if "mask" in row}
    )
    _check_rows(rows["path"], further, table)
    written = rows["label"].str.strip()
    labels = names.label(written.str.lower().unique(), table, needs_both)
    if unknown := set(written.str.lower()) - labels.keys():
        raise InputError(f"{table}: the label {sorted(unknown)[0]!r} is neither of two classes")
    return [
        LabelledFile(table.parent / path, labels[name.lower()], name, details)
        for path, name, details in zip(rows["path"], written, further, strict=True)
    ]


def _check_rows(paths: pd.Series, further: Sequence[Mapping[str, str]], table: Path) -> None:
    """Refuse a row about nothing, or about what another row is about.

    A volume may stand there once for each plane that it is cut along.
    """
    found = set()
    for number, (path, details) in enumerate(zip(paths, further, strict=True), start=1):
        if not path.strip():
            raise InputError(f"{table}: row {number}: the column 'path' is empty")
        file = (table.parent / path).resolve()
        if details.get("mask") == str(file):
            raise InputError(f"{table}: {path}: named as its own mask")
        if (key := (file, details.get("plane", "").lower())) in found:
            raise InputError(f"{table}: {path}: listed twice; give each file one row")
        found.add(key)


def _fill(details: Mapping[Hashable, str], table: Path) -> dict[str, str]:
    """Keep what is filled of a row, and find its mask from the table."""
    filled = {str(key): value.strip() for key, value in details.items() if value.strip()}
    if "mask" in filled:
        filled["mask"] = str((table.parent / filled["mask"]).resolve())
    return filled
