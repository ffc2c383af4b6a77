"""Where slices come from: a folder of two classes, a CSV table, or a Kaggle dataset."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tumorscope.errors import InputError, MissingExtraError
from tumorscope.scans.images import is_image_file

KAGGLE_PREFIX = "kaggle:"
Source = str | Path
_COLUMNS = frozenset({"path", "label", "patient_id"})
_USUAL_NEGATIVE = {"yes": "no"}


class LabelledFile(NamedTuple):
    """A file that should be a slice, and what its source says about it."""

    path: Path
    label: int
    label_name: str
    patient_id: str | None = None


def name_sources(data: Source | Sequence[Source]) -> dict[str, Source]:
    """Give each data source a name: the last part of its path, with its parents where needed.

    Raises
    ------
    InputError
        There is none, or one is given twice.

    Examples
    --------
    >>> list(name_sources("slices"))
    ['slices']
    >>> list(name_sources(["/a/mri", "/b/mri", "kaggle:owner/scans"]))
    ['a/mri', 'b/mri', 'scans']
    """
    sources = [data] if isinstance(data, (str, Path)) else list(data)
    if not sources:
        raise InputError("no data; give a folder of two classes, a .csv file or kaggle:owner/name")
    parts = [_split_parts(source) for source in sources]
    repeated = [source for source, own in zip(sources, parts, strict=True) if parts.count(own) > 1]
    if repeated:
        raise InputError(f"{repeated[0]}: given twice; give each source once")
    lengths = [
        next(n for n in range(1, len(own) + 1) if [one[-n:] for one in parts].count(own[-n:]) == 1)
        for own in parts
    ]
    names = ["/".join(own[-n:]) for own, n in zip(parts, lengths, strict=True)]
    return dict(zip(names, sources, strict=True))


def _split_parts(source: Source) -> tuple[str, ...]:
    if str(source).startswith(KAGGLE_PREFIX):
        return (KAGGLE_PREFIX, *str(source).removeprefix(KAGGLE_PREFIX).split("/"))
    return Path(source).resolve().parts


def list_labelled_files(source: Source, positive: str) -> list[LabelledFile]:
    """List the files of a data source with their labels, in a stable order.

    Parameters
    ----------
    source
        A folder with one subfolder per class; a CSV file with the columns ``path`` (relative to
        the CSV) and ``label``, optionally ``patient_id``; or ``kaggle:owner/name``.
    positive
        The name of the class with a tumor. With ``yes`` the other class is ``no``; with another
        name it is the only other one.

    Raises
    ------
    InputError
        The source does not exist, cannot be downloaded, or does not hold two classes.
    MissingExtraError
        A Kaggle source without kagglehub.
    """
    if str(source).startswith(KAGGLE_PREFIX):
        return _list_folder(_download_kaggle(str(source).removeprefix(KAGGLE_PREFIX)), positive)
    path = Path(source)
    if path.is_dir():
        return _list_folder(path, positive)
    if path.is_file() and path.suffix.lower() == ".csv":
        return _list_csv(path, positive)
    raise InputError(
        f"{source}: no such data; give a folder of two classes, a .csv file or kaggle:owner/name"
    )


def _list_folder(folder: Path, positive: str) -> list[LabelledFile]:
    classes = sorted(child for child in folder.iterdir() if child.is_dir() and _list_images(child))
    if len(classes) == 1 and classes[0].name.lower() != positive.lower():
        return _list_folder(classes[0], positive)  # an archive unpacked into a folder of its own
    by_name = {child.name.lower(): child for child in classes}
    if len(by_name) < len(classes):
        names = ", ".join(child.name for child in classes)
        raise InputError(f"{folder}: two folders differ in case only ({names}); join them")
    negative = _choose_negative(by_name.keys(), positive.lower(), folder)
    return [
        LabelledFile(path, label, by_name[name].name)
        for label, name in enumerate((negative, positive.lower()))
        for path in _list_images(by_name[name])
    ]


def _list_images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if is_image_file(path) and path.is_file())


def _choose_negative(found: Iterable[str], positive: str, where: Path) -> str:
    """Find the name of the class without a tumor, beside the one with."""
    others = sorted(set(found) - {positive})
    if _USUAL_NEGATIVE.get(positive) in others:
        others = [_USUAL_NEGATIVE[positive]]
    if positive in found and len(others) == 1:
        return others[0]
    raise InputError(
        f"{where}: expected images of two classes, {positive!r} (with a tumor) and one other, "
        f"found {', '.join(sorted(found)) or 'none'}; "
        "name the class with a tumor with --positive NAME"
    )


def _list_csv(table: Path, positive: str) -> list[LabelledFile]:
    try:
        rows = pd.read_csv(
            table, dtype=str, keep_default_na=False, index_col=False, usecols=_COLUMNS.__contains__
        )
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{table}: not a readable CSV table: {error}") from error
    if missing := {"path", "label"} - set(rows.columns):
        raise InputError(f"{table}: the column {sorted(missing)[0]!r} is missing")
    written = rows["label"].str.strip()
    names = written.str.lower()
    is_numeric = set(names) <= {"0", "1"}
    chosen = "1" if is_numeric else positive.lower()
    negative = _choose_negative(list(names.unique()), chosen, table)
    if unknown := set(names) - {chosen, negative}:
        raise InputError(f"{table}: the label {sorted(unknown)[0]!r} is neither of two classes")
    patients = rows["patient_id"].str.strip() if "patient_id" in rows else [None] * len(rows)
    return [
        LabelledFile(table.parent / path, int(name.lower() == chosen), name, patient or None)
        for path, name, patient in zip(rows["path"], written, patients, strict=True)
    ]


def _download_kaggle(dataset: str) -> Path:
    try:
        import kagglehub
    except ImportError as error:
        raise MissingExtraError("Reading a dataset from Kaggle", "kaggle") from error
    if dataset.count("/") != 1:
        raise InputError(f"kaggle:{dataset}: expected kaggle:owner/name")
    try:
        return Path(kagglehub.dataset_download(dataset))
    except Exception as error:  # kagglehub passes on the errors of several libraries
        raise InputError(
            f"kaggle:{dataset}: cannot be downloaded ({type(error).__name__}). Download "
            f"https://www.kaggle.com/datasets/{dataset} in a browser, unpack it, and give the "
            "folder that holds the two classes in place of kaggle:..."
        ) from error
