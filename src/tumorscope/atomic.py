"""Files appear whole or not at all: written under a temporary name, then renamed."""

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tumorscope.errors import InputError, TumorscopeError
from tumorscope.holding import hold, is_held, is_left

_PARTIAL = ".partial-"
_RANDOM = r"[a-z0-9_]{8}"  # the end of a name from `tempfile`
_CONTENT = "content"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes `path` when the block ends well.

    The temporary name keeps the ending of `path`, because many writers choose the format by it.
    The folder of `path` is made if need be. Of a link, what it points to is replaced.

    Raises
    ------
    InputError
        `path` is a device, a pipe or a folder, or cannot be written.
    TumorscopeError
        The disk is full.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: not a file that can be replaced; give another name")
    temporary = path.with_name(f"{_PARTIAL}{uuid4().hex}{path.suffix}")
    with _refusing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        temporary.unlink()  # a block that writes nothing is an error
    try:
        with _naming_full_disk(path):
            yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def create_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder to fill; it becomes `path` when the block ends well.

    What may be replaced is for `tumorscope.replacing` to tell: here nothing is.

    Raises
    ------
    InputError
        `path` cannot be written, or holds something by then.
    """
    path = path.resolve()
    with borrow_folder(path) as temporary:
        yield temporary
        temporary.chmod(0o755)
        with _refusing(path):
            temporary.replace(path)  # of an empty folder only


@contextmanager
def borrow_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside `path` for what nobody needs once the block has ended.

    What a killed process left of such folders beside the same `path` is removed first.

    Raises
    ------
    InputError
        It cannot be made.
    TumorscopeError
        The disk is full.
    """
    path = path.resolve()
    with _refusing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left_beside(path)
        temporary = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{path.name}-", dir=path.parent))
    try:
        with hold(temporary):
            content = temporary / _CONTENT
            content.mkdir()
            with _naming_full_disk(path):
                yield content
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_left_beside(path: Path) -> None:
    is_ours = re.compile(re.escape(f"{_PARTIAL}{path.name}-") + _RANDOM).fullmatch
    for folder in [other for other in path.parent.iterdir() if is_ours(other.name)]:
        if is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"{path}: cannot be written: on the way to it is a file") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error


@contextmanager
def _naming_full_disk(path: Path) -> Iterator[None]:
    """Name what could not be written; the system's own error does not."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise TumorscopeError(
            f"{path}: cannot be written: {os.strerror(error.errno)}; make room, and start again"
        ) from error


def is_partial(name: str) -> bool:
    """Tell whether a file or folder is one that a killed process left unfinished."""
    return name.startswith(_PARTIAL)


def remove_partial(folder: Path) -> None:
    """Remove what a killed process left unfinished anywhere below a folder."""
    found = list(folder.rglob(f"{_PARTIAL}*"))
    held = [path for path in found if is_held(path)]
    for path in found:
        if any(path.is_relative_to(one) for one in held):
            continue  # another command is at work there
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with replace_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="surrogateescape")
