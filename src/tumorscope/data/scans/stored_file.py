"""A file to read from wherever it is stored: a disk, an archive, the standard input."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tumorscope.errors import InputError

MAXIMUM_BYTES = 512 * 1024**2
HEAD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that can be opened again and again.

    Parameters
    ----------
    name
        How results and errors name it.
    folder
        The name of the folder or archive that holds it.
    open
        Gives a new stream at the file's first byte; the caller closes it. It may raise OSError
        and, for a file of an archive, nearly anything.
    open_start
        The same where only the first bytes are wanted; the stream may not be seekable.
    """

    name: str
    folder: str
    open: Callable[[], BinaryIO]
    open_start: Callable[[], BinaryIO]

    def read_head(self) -> bytes:
        """Read the first bytes, from which the format can be told."""
        with self.open_start() as stream:
            return stream.read(HEAD_BYTES)

    def read_bytes(self) -> bytes:
        """Read the whole file.

        Raises
        ------
        InputError
            It is larger than any slice; the message does not name the file.
        """
        with self.open() as stream:
            return read_limited(stream)


def store_path(path: Path) -> StoredFile:
    """Describe a file on a disk."""

    def open_path() -> BinaryIO:
        return path.open("rb")

    return StoredFile(str(path), str(path.parent), open_path, open_path)


def store_bytes(name: str, data: bytes) -> StoredFile:
    """Describe a file that has been read already."""

    def open_bytes() -> BinaryIO:
        return BytesIO(data)

    return StoredFile(name, name, open_bytes, open_bytes)


def read_limited(stream: BinaryIO, limit: int = MAXIMUM_BYTES) -> bytes:
    """Read a stream to its end, or refuse it when it goes on after `limit` bytes."""
    chunks, total = [], 0
    while chunk := stream.read(min(1024**2, limit + 1 - total)):
        chunks.append(chunk)
        total += len(chunk)
        if total > limit:
            raise InputError(f"holds more than {limit // 1024**2} MB")
    return b"".join(chunks)
