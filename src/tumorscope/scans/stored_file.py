"""A file to read from wherever it is stored: a disk, an archive, the standard input."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from tumorscope.errors import InputError

MAXIMUM_BYTES = 512 * 1024**2
_MAXIMUM_IMAGE_BYTES = 128 * 1024**2
HEAD_BYTES = 1024
_CHUNK_BYTES = 1024**2


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that can be opened again and again; another of the same name is the same.

    Parameters
    ----------
    name
        How results and errors name it.
    folder
        The name of the folder or archive that holds it.
    open
        Gives a new stream at the file's first byte; the caller closes it. It may raise OSError
        and, for a file of an archive, nearly anything.
    open_stream
        The same for reading from the first byte on: to seek back may cost reading anew, and a
        damaged file of an archive may raise late, but it is never in memory as a whole.
    is_on_disk
        Whether another process can open it, too.
    """

    name: str
    folder: str
    open: Callable[[], BinaryIO] = field(compare=False)
    open_stream: Callable[[], BinaryIO] = field(compare=False)
    is_on_disk: bool = False

    def read_head(self) -> bytes:
        """Read the first bytes, from which the format can be told."""
        with self.open_stream() as stream:
            return stream.read(HEAD_BYTES)

    def read_image(self) -> bytes:
        """Read the whole of an image file.

        Raises
        ------
        InputError
            It is larger than any slice; the message does not name the file.
        """
        with self.open_stream() as stream:
            return read_limited(stream, _MAXIMUM_IMAGE_BYTES)


def store_path(path: Path) -> StoredFile:
    """Describe a file on a disk."""
    open_path = partial(_open_path, path)
    return StoredFile(str(path), str(path.parent), open_path, open_path, is_on_disk=True)


def _open_path(path: Path) -> BinaryIO:
    return path.open("rb")


def store_bytes(name: str, data: bytes) -> StoredFile:
    """Describe a file that has been read already."""

    def open_bytes() -> BinaryIO:
        return BytesIO(data)

    return StoredFile(name, name, open_bytes, open_bytes)


def read_limited(stream: BinaryIO, limit: int = MAXIMUM_BYTES) -> bytes:
    """Read a stream to its end, or refuse it when it goes on after `limit` bytes."""
    data = BytesIO()  # no list of chunks: joining them would take the memory twice
    while chunk := stream.read(_CHUNK_BYTES):
        data.write(chunk)
        if data.tell() > limit:
            raise InputError(f"holds more than {limit // 1024**2} MB")
    return data.getvalue()
