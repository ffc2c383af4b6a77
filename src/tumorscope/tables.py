"""Read CSV tables that others wrote, as Excel and pandas do on all systems."""

import codecs
import csv
import re
from collections.abc import Collection, Sequence
from io import BytesIO, StringIO
from pathlib import Path

import pandas as pd

from tumorscope.errors import InputError

_SEPARATORS = (",", ";", "\t")
_SHOWN, _SHOWN_LETTERS = 20, 40
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_rows(
    table: Path, required: Sequence[str], known: Collection[str] = (), errors: str = "strict"
) -> pd.DataFrame:
    """Read a table as text, whatever separates its columns: a comma, a semicolon or a tab.

    Parameters
    ----------
    table
        A file in UTF-8, or in UTF-16 with its mark.
    required
        Columns that it must have.
    known
        Further columns that mean something. These and the required ones may be written in any
        case, and with spaces or hyphens: ``Patient ID``, ``PatientID``.
    errors
        What becomes of bytes that are not UTF-8, as for `bytes.decode`.

    Returns
    -------
    pandas.DataFrame
        Text in all columns, an empty one where there is nothing. Required and known columns are
        called as they were asked for; all others as they are.

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or two may be the one that was asked for.
    """
    data, encoding = _read_bytes(table)
    header = _take_first_line(_decode(data, encoding, errors, table))
    ways = {separator: _split(header, separator) for separator in _SEPARATORS}
    lacks = {way: len(_list_missing(names, required)) for way, names in ways.items()}
    separator = min(ways, key=lambda way: (lacks[way], -len(ways[way])))
    names = ways[separator]
    if missing := _list_missing(names, required):
        found = ", ".join(repr(name[:_SHOWN_LETTERS]) for name in names[:_SHOWN]) or "none"
        raise InputError(f"{table}: the column {missing[0]!r} is missing; found {found}")
    try:
        rows = pd.read_csv(
            BytesIO(data),
            sep=separator,
            encoding=encoding,
            encoding_errors=errors,
            dtype=str,
            keep_default_na=False,
            index_col=False,
            usecols=lambda _: True,
        )
    except ValueError as error:
        raise InputError(f"{table}: not a readable CSV table: {error}") from error
    rows.columns = pd.Index([str(name).strip() for name in rows.columns])
    return rows.rename(columns=_find_names(table, names, (*required, *known)))


def find_path(table: Path, name: str) -> Path:
    r"""Find what a row names, relative to its table.

    Where there is no such file, a backslash separates folders, as on Windows: ``img\t0.png``.
    """
    path = table.parent / name
    if "\\" in name and not path.exists():
        return table.parent / name.replace("\\", "/")
    return path


def _read_bytes(table: Path) -> tuple[bytes, str]:
    try:
        data = table.read_bytes()
    except OSError as error:
        raise InputError(f"{table}: not a readable CSV table: {error.strerror}") from error
    return data, "utf-16" if data.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"


def _decode(data: bytes, encoding: str, errors: str, table: Path) -> str:
    try:
        return data.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{table}: not a readable CSV table: byte {error.start} is not {error.encoding} "
            "(Excel: save as 'CSV UTF-8')"
        ) from error


def _take_first_line(text: str) -> str:
    return next((line.rstrip("\n") for line in StringIO(text, None) if line.strip()), "")


def _split(header: str, separator: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    except csv.Error:  # no table: too long for a name
        return [header]


def _list_missing(names: Sequence[str], required: Sequence[str]) -> list[str]:
    found = set(map(_fold, names))
    return [name for name in required if _fold(name) not in found]


def find_column(names: Collection[str], wanted: str) -> str | None:
    """Find the column that is called so, or else the only one that is but for case and spaces."""
    if wanted in names:
        return wanted
    alike = [name for name in names if _fold(name) == _fold(wanted)]
    return alike[0] if len(alike) == 1 else None


def _find_names(table: Path, names: Sequence[str], meant: Sequence[str]) -> dict[str, str]:
    """Find how each column that is meant is written here: as it is, or else in another way."""
    written: dict[str, str] = {}
    for name in meant:
        alike = [one for one in names if _fold(one) == _fold(name)]
        alike = [one for one in alike if one == name] or alike
        if len(alike) > 1:
            raise InputError(
                f"{table}: {' and '.join(map(repr, alike))} may both be {name!r}; rename one"
            )
        written |= dict.fromkeys(alike, name)
    return written


def _fold(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()
