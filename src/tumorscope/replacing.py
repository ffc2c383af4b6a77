"""Which folders may be replaced: those of which this program wrote every file, as it stands.

Each folder that a command may write again tells in a file of its own which command wrote it, and
the SHA-256 of every file. Whatever else is there is somebody's work, and so is a file that was
changed: then the folder stays, and the command ends.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from tumorscope.atomic import borrow_folder
from tumorscope.checksum import compute_sha256
from tumorscope.errors import InputError

MARKER = ".tumorscope.json"


def check_apart(folder: Path, inputs: Iterable[str | Path]) -> None:
    """Refuse to write to a folder that is, holds or lies in what is read.

    Parameters
    ----------
    folder
        Where results are to go.
    inputs
        Files and folders. What does not exist is passed over: it is no path, or an error elsewhere.

    Raises
    ------
    InputError
        It is, does or lies so.
    """
    place = folder.resolve()
    for given in inputs:
        try:
            read = Path(given).resolve(strict=True)
        except (OSError, ValueError):
            continue
        if place == read:
            relation = "is"
        elif read.is_relative_to(place):
            relation = "holds"
        elif place.is_relative_to(read):
            relation = "lies in"
        else:
            continue
        raise InputError(
            f"{folder}: {relation} {given}, which is read; choose another folder to write to"
        )


def check_replaceable(folder: Path, command: str, inputs: Iterable[str | Path] = ()) -> None:
    """Refuse to replace anything but what the same command wrote.

    Parameters
    ----------
    folder
        Where a result is to be written.
    command
        Which command writes it.
    inputs
        As for `check_apart`.

    Raises
    ------
    InputError
        It is a file; holds a file that this command did not write, or not as it stands; or is not
        apart from what is read.
    """
    check_apart(folder, inputs)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InputError(f"{folder}: a file; choose a new folder")
    found = _list_files(folder)
    if not found:
        return
    by, written = _read_marker(folder)
    if by is None:
        raise InputError(
            f"{folder}: holds other files, or what an earlier version wrote (there is no {MARKER} "
            "that lists them); move it away, or choose a new folder"
        )
    if by != command:
        raise InputError(
            f"{folder}: was written by tumorscope {by}, not {command}; choose a new folder"
        )
    if others := sorted(found - written.keys()):
        raise InputError(
            f"{folder}: holds other files than tumorscope {command} wrote, such as {others[0]}; "
            "move them away, or choose a new folder"
        )
    for name in sorted(found):
        if not _is_as_written(folder / name, written[name]):
            raise InputError(
                f"{folder / name}: changed since tumorscope {command} wrote it; move it away, or "
                "choose a new folder"
            )


@contextmanager
def replace_folder(path: Path, command: str) -> Iterator[Path]:
    """Give a temporary folder to fill; it takes the place of `path` when the block ends well.

    The old folder is renamed until the new one stands. Of a link, what it points to is replaced.

    Parameters
    ----------
    path
        The folder.
    command
        Which command writes it.

    Raises
    ------
    InputError
        `path` cannot be written, or `check_replaceable` refuses it, now or when the block ends.
    """
    path = path.resolve()
    check_replaceable(path, command)
    with borrow_folder(path) as made:
        yield made
        _write_marker(made, command)
        check_replaceable(path, command)  # who knows what came in the meantime
        made.chmod(0o755)
        _swap(made, path)


def _swap(made: Path, path: Path) -> None:
    """Put a borrowed folder in the place of another, which then goes when the borrowing ends."""
    if not path.exists():
        made.replace(path)
        return
    aside = path.with_name(f"{path.name}.replaced-{uuid4().hex[:8]}")  # found even after a kill
    path.rename(aside)
    try:
        made.rename(path)
    except BaseException:
        aside.rename(path)
        raise
    aside.rename(made.parent / "replaced")


def _list_files(folder: Path) -> set[str]:
    """List what is no folder, by its path below; of links, the links themselves."""

    def fail(error: OSError) -> None:
        raise InputError(f"{error.filename}: cannot be read: {error.strerror}") from error

    found = set()
    for place, folders, names in os.walk(folder, onerror=fail):
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        found |= {(Path(place) / name).relative_to(folder).as_posix() for name in (*links, *names)}
    return found - {MARKER}


def _is_as_written(file: Path, sha256: str) -> bool:
    return file.is_file() and not file.is_symlink() and compute_sha256(file) == sha256


def _write_marker(folder: Path, command: str) -> None:
    files = {name: compute_sha256(folder / name) for name in sorted(_list_files(folder))}
    text = json.dumps({"command": command, "files": files}, indent=1)
    (folder / MARKER).write_text(text + "\n", "utf-8")


def _read_marker(folder: Path) -> tuple[str | None, Mapping[str, str]]:
    """Read which command wrote a folder, and the SHA-256 of each file; None where nobody says."""
    try:
        marker = json.loads((folder / MARKER).read_text("utf-8"))
        return str(marker["command"]), dict(marker["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, {}
