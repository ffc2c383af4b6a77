"""Where scans come from: a folder of two classes, a CSV table, or a Kaggle dataset."""

from collections.abc import Sequence
from pathlib import Path

from tumorscope.dataset.class_names import ClassNames
from tumorscope.dataset.labelled_files import LabelledFile, list_folder, list_table
from tumorscope.errors import InputError, MissingExtraError

KAGGLE_PREFIX = "kaggle:"
Source = str | Path


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


def list_labelled_files(
    source: Source, names: ClassNames, needs_both: bool = True
) -> list[LabelledFile]:
    """List the files of a data source with their labels, in a stable order.

    Parameters
    ----------
    source
        A folder with one subfolder per class; a CSV file with the columns ``path`` (relative to
        the CSV) and ``label``, and any others; or ``kaggle:owner/name``.
    names
        Of the classes. Where those without a tumor are not given, it is ``no`` beside ``yes``, and
        the only other one beside another name.
    needs_both
        Whether a source with one class is refused; one of several may have it.

    Raises
    ------
    InputError
        The source does not exist, cannot be downloaded, or does not hold two classes.
    MissingExtraError
        A Kaggle source without kagglehub.
    """
    if str(source).startswith(KAGGLE_PREFIX):
        folder = _download_kaggle(str(source).removeprefix(KAGGLE_PREFIX))
        return list_folder(folder, names, needs_both)
    path = Path(source)
    if path.is_dir():
        return list_folder(path, names, needs_both)
    if path.is_file() and path.suffix.lower() == ".csv":
        return list_table(path, names, needs_both)
    raise InputError(
        f"{source}: no such data; give a folder of two classes, a .csv file or kaggle:owner/name"
    )


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
