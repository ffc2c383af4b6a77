"""The files of a data source with their labels: of a folder of classes, or of a CSV table.

A file is a picture, or something that holds slices: a volume, a DICOM file, an archive.
"""

import logging
import os
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from tumorscope.dataset.class_names import COMPANIONS, ClassNames, fold_name
from tumorscope.dataset.unpacking.volume_masks import is_volume_mask
from tumorscope.errors import InputError
from tumorscope.scans.find import is_companion, is_hidden, is_special, recognize_file
from tumorscope.scans.formats import Format
from tumorscope.scans.images import is_image_file
from tumorscope.tables import find_path, read_rows

_log = logging.getLogger(__name__)

KNOWN = ("patient_id", "site", "source", "sequence", "series", "slice", "mask")
"""Columns that mean the same in every table of slices."""
MEANT = (*KNOWN, "plane", "study")
"""All further columns of such a table that something is read from."""
PART = "part"
_PARTS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class LabelledFile(NamedTuple):
    """A file that should be a slice or hold slices, and what its source says about it.

    `details` are the further columns of a table that are filled, such as ``patient_id``; the path
    in ``mask`` is absolute. `refusal` says of a folder why it is not looked into.
    """

    path: Path
    label: int
    label_name: str
    details: Mapping[str, str] = _NOTHING
    refusal: str | None = None


def list_folder(folder: Path, names: ClassNames, needs_both: bool) -> list[LabelledFile]:
    """List the scans of a folder with one subfolder for each class, by class and path.

    A folder around the classes is entered. Folders such as ``Training`` and ``Testing``, which hold
    the classes each, are read as one; the column ``part`` keeps their names.

    Raises
    ------
    InputError
        The subfolders are not the two classes, two of them have one name but for case, or a class
        holds a folder that is named as the other one.
    """
    classes = _list_folders(folder, names)
    by_name = {fold_name(child.name): child for child in classes}
    if len(by_name) < len(classes):
        written = ", ".join(child.name for child in classes)
        raise InputError(f"{folder}: two folders are one class ({written}); join them")
    if by_name and by_name.keys() <= _PARTS - names.known:
        return [
            file._replace(details={PART: part.name})
            for part in classes
            for file in list_folder(part, names, needs_both)
        ]
    is_around = by_name.keys().isdisjoint(names.known) and len(classes) == 1
    if is_around and _list_folders(classes[0], names):
        return list_folder(classes[0], names, needs_both)  # an archive, unpacked
    if by_name.keys() & _PARTS and by_name.keys().isdisjoint(names.known):
        parts = " ".join(str(by_name[name]) for name in sorted(by_name.keys() & _PARTS))
        other = by_name[min(by_name.keys() - _PARTS)].name
        raise InputError(
            f"{folder}: {other!r} is no part of a data set, as others beside it are; give these as "
            f"several sources: {parts}"
        )
    labels = names.label(by_name, folder, needs_both)
    for name in sorted(by_name.keys() - labels.keys() - COMPANIONS):
        _log.warning("passed over: %s: its name is that of no class", by_name[name])
    files = [
        LabelledFile(path, labels[name], by_name[name].name, refusal=refusal)
        for name in sorted(labels, key=lambda name: (labels[name], name))
        for path, refusal in sorted(_walk(by_name[name]))
    ]
    _check_inside(files, by_name, names.told | labels)
    return files


def _list_folders(folder: Path, names: ClassNames) -> list[Path]:
    """List the subfolders with scans; one that is named as a class needs not be readable."""
    return sorted(
        child
        for child in folder.iterdir()
        if child.is_dir()
        and not is_hidden(child.name)
        and any(fold_name(child.name) in names.known or _is_scan(path) for path, _ in _walk(child))
    )


def _check_inside(
    files: Sequence[LabelledFile], by_name: Mapping[str, Path], told: Mapping[str, int]
) -> None:
    """Refuse a folder of one class inside of the other: nobody can tell which one is meant.

    A number may as well count patients.
    """
    labels = {file.path.parent: file.label for file in files}
    classes = frozenset(by_name.values())
    for folder, label in labels.items():
        for inner in (folder, *folder.parents):
            if inner in classes:
                break
            name = fold_name(inner.name)
            if not name.isdecimal() and told.get(name, label) != label:
                raise InputError(
                    f"{inner}: a folder named as one class inside of the other; move it away"
                )


def _walk(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """List what may be a scan, and folders that are not looked into, with the reason.

    That is none of the texts and tables that lie beside scans; a reader tells the rest. Links to
    folders may go round in circles.
    """
    closed: list[OSError] = []
    for place, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = [name for name in folders if not is_hidden(name)]
        for path in (Path(place, name) for name in folders):
            if path.is_symlink():
                yield path, "a link to a folder; put that folder itself in its place"
        for path in (Path(place, name) for name in names if not is_hidden(name)):
            if not (is_companion(path.name) or is_special(path)):
                yield path, None
    for error in closed:
        yield Path(error.filename), f"cannot be read: {error.strerror}"


def _is_scan(path: Path) -> bool:
    return path.is_file() and (is_image_file(path) or recognize_file(path) is not None)


def list_table(table: Path, names: ClassNames, needs_both: bool) -> list[LabelledFile]:
    """List the rows of a CSV table with the columns ``path`` (relative to it) and ``label``.

    All further columns are kept. Rows of one class will do where a mask is that of a volume, which
    then has slices of both.

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or its labels are not those of two classes.
    """
    rows = read_rows(table, ("path", "label"), MEANT)
    further = [_fill(row, table) for row in rows.drop(columns=["path", "label"]).to_dict("records")]
    needs_both = needs_both and not any(
        is_volume_mask(Path(mask)) for mask in {row["mask"] for row in further if "mask" in row}
    )
    paths = [find_path(table, path) if path.strip() else None for path in rows["path"]]
    files = _check_rows(paths, rows["path"].tolist(), further, table)
    written = rows["label"].str.strip()
    folded = written.map(fold_name)
    labels = names.label(folded.unique(), table, needs_both)
    if unknown := set(folded) - labels.keys():
        raise InputError(f"{table}: the label {min(unknown)!r} is neither of two classes")
    return [
        LabelledFile(path, labels[name], label_name, details)
        for path, name, label_name, details in zip(files, folded, written, further, strict=True)
    ]


def _check_rows(
    paths: Sequence[Path | None],
    written: Sequence[str],
    further: Sequence[Mapping[str, str]],
    table: Path,
) -> list[Path]:
    """Refuse a row about nothing, or about what another row is about.

    A volume may stand there once for each plane that it is cut along.
    """
    files: list[Path] = []
    first: dict[Path, dict[str, int]] = defaultdict(dict)
    for number, (path, name, details) in enumerate(zip(paths, written, further, strict=True), 1):
        if path is None:
            raise InputError(f"{table}: row {number}: the column 'path' is empty")
        files.append(path)
        file = path.resolve()
        if details.get("mask") == str(file):
            raise InputError(f"{table}: {name}: named as its own mask")
        plane = details.get("plane", "axial").lower()
        known = first[file]
        if plane in known or (known and recognize_file(file) is Format.IMAGE):
            row = known.get(plane, min(known.values()))
            raise InputError(
                f"{table}: {name}: listed twice (rows {row} and {number}); give each file one row"
            )
        known[plane] = number
    return files


def _fill(details: Mapping[Hashable, str], table: Path) -> dict[str, str]:
    """Keep what is filled of a row, and find its mask from the table."""
    filled = {str(key): value.strip() for key, value in details.items() if value.strip()}
    if "mask" in filled:
        filled["mask"] = str(find_path(table, filled["mask"]).resolve())
    return filled
