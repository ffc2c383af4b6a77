"""Numbers as a reader likes them."""

import re
from pathlib import PurePath, PurePosixPath, PureWindowsPath

# Folders may hold blanks; what ends a part of a sentence, or a blank before a slash, ends a path.
_FOLDERS = re.compile(
    r"""(?<![^\s('"])(?:[A-Za-z]:\\|\\\\|/)(?:[^/\\,;:'"\n]*[^/\\,;:'"\s][/\\])+"""
)

UNDEFINED = "undefined"


def format_percent(value: float | None) -> str:
    """Format a share as a percentage with one decimal."""
    return UNDEFINED if value is None else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


def format_figure(value: float | None) -> str:
    """Format a figure with three decimals."""
    return UNDEFINED if value is None else f"{value:.3f}"


def format_duration(seconds: float) -> str:
    """Format a duration in the two units that matter.

    Examples
    --------
    >>> format_duration(42.4), format_duration(364), format_duration(7500)
    ('42 s', '6 min 4 s', '2 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def count_noun(count: float, noun: str, plural: str | None = None) -> str:
    """Put a number in front of a noun, whose plural has an s unless another is given.

    Examples
    --------
    >>> count_noun(1, "slice"), count_noun(3000, "slice"), count_noun(2, "copy", "copies")
    ('1 slice', '3,000 slices', '2 copies')
    """
    return f"1 {noun}" if count == 1 else f"{count:,} {plural or noun + 's'}"


def shorten_path(path: str) -> str:
    """Take the file name and its folder: enough to find a slice, and no more of a shared machine.

    Examples
    --------
    >>> shorten_path("/home/ann/slices/yes/Y1.jpg"), shorten_path("Y1.jpg")
    ('yes/Y1.jpg', 'Y1.jpg')
    """
    return "/".join(PurePath(path).parts[-2:])


def hide_folder(value: str) -> str:
    """Leave of a full path, of any system, the last part; any other text stays.

    Examples
    --------
    >>> hide_folder("/home/ann lee/slices"), hide_folder("slices/yes"), hide_folder("imagenet")
    ('slices', 'slices/yes', 'imagenet')
    """
    kinds = (PurePosixPath, PureWindowsPath)
    full = [path for path in (kind(value) for kind in kinds) if path.is_absolute()]
    return full[0].name if full else value


def hide_folders(text: str) -> str:
    """Leave of the full paths in a sentence the names of the files.

    Examples
    --------
    >>> hide_folders("a copy of /home/ann lee/slices/Y1.jpg, which is read instead")
    'a copy of Y1.jpg, which is read instead'
    """
    return _FOLDERS.sub("", text)


def make_printable(text: str) -> str:
    """Replace what cannot be written as UTF-8, in a file name of other bytes."""
    return text.encode("utf-8", "backslashreplace").decode()
