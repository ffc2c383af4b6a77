"""Say that a folder is in use, and tell whether whoever said so still lives.

A lock on a file ends with its process, however that ends. Without locks, as on Windows and some
network file systems, nothing is marked, and so nothing is ever told to be left behind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_MARK = "held"


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Mark a folder as ours, and hold it until the block or this process ends."""
    unmarked = folder / f"{_MARK}.new"
    with unmarked.open("w") as file:
        if _lock(file.fileno()):
            unmarked.rename(folder / _MARK)  # not before: a mark without a lock is one left behind
        yield


def is_held(folder: Path) -> bool:
    """Tell whether a running process holds a folder."""
    return (folder / _MARK).is_file() and not is_left(folder)


def is_left(folder: Path) -> bool:
    """Tell whether a folder was held by a process that has ended."""
    if folder.is_symlink():
        return False
    try:
        with (folder / _MARK).open("r+") as file:
            return _lock(file.fileno())
    except OSError:
        return False


def _lock(descriptor: int) -> bool:
    """Lock a file until it is closed; say whether that was possible."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
