"""Read the files of a zip archive one by one, in memory: nothing is ever written to a disk."""

from collections.abc import Iterator
from functools import lru_cache, partial
from io import SEEK_END, SEEK_SET, BytesIO, RawIOBase
from pathlib import PurePosixPath
from typing import BinaryIO
from zipfile import ZipExtFile, ZipFile, ZipInfo

from tumorscope.errors import InputError
from tumorscope.scans.refusal import refusing
from tumorscope.scans.scan import Unreadable
from tumorscope.scans.stored_file import MAXIMUM_BYTES, StoredFile, read_limited

MAXIMUM_RATIO = 200
MAXIMUM_MEMBERS = 200_000
_MAXIMUM_DIRECTORY_BYTES = 32 * 1024**2
_END_BYTES = 22 + 65_535 + 76  # the end of the directory, a comment, and what ZIP64 puts before
_BEFORE_END = 76
_MAXIMUM_DOCUMENT_BYTES = 64 * 1024**2
_HARMLESS_BYTES = 256 * 1024**2
_OFFICE_TYPES, _DOCUMENT_TYPE, _DOCUMENT = "[Content_Types].xml", "mimetype", b"application/"
_ENCRYPTED = 0x1


def list_members(archive: StoredFile) -> Iterator[StoredFile | Unreadable]:
    """List the files of an archive in the order of their names.

    Parameters
    ----------
    archive
        A zip file. It is open only while it is read, so that thousands can be looked through.

    Raises
    ------
    InputError
        It is no readable zip file, or would unpack to far more than an archive of scans does.
        The message does not name the archive.
    """
    with refusing("zip file"):
        stream = _Reopened(archive)
        size = stream.seek(0, SEEK_END)
        _check_directory(stream, size)
        opened = ZipFile(stream)
    members = [info for info in opened.infolist() if not info.is_dir()]
    _check_sizes(members, size)
    packed = _Packed(archive, opened)
    for info in sorted(members, key=lambda info: info.filename):
        name = f"{archive.name}/{_clean(info.filename)}"
        if info.flag_bits & _ENCRYPTED:
            yield Unreadable(name, "encrypted; unpack the archive with its password first")
        elif info.file_size > MAXIMUM_BYTES:
            yield Unreadable(name, f"holds more than {MAXIMUM_BYTES // 1024**2} MB")
        else:
            yield StoredFile(
                name,
                name.rpartition("/")[0],
                partial(packed.read, info),
                partial(packed.open, info),
                archive.is_on_disk,
            )


def is_document(archive: StoredFile) -> bool:
    """Tell whether a zip file is a document: pictures in texts and tables are no scans.

    Office documents list the types of their parts (ECMA-376, part 2); those of OpenDocument and
    e-books begin with the type of the whole.
    """
    try:
        with refusing("zip file"), archive.open_stream() as stream:
            if isinstance(stream, ZipExtFile):  # to seek in it would unpack it again and again
                data = read_limited(stream, _MAXIMUM_DOCUMENT_BYTES)
                return _holds_document(BytesIO(data))
            return _holds_document(stream)
    except InputError:  # whoever lists its files will say so
        return False


def _holds_document(stream: BinaryIO) -> bool:
    _check_directory(stream, stream.seek(0, SEEK_END))
    opened = ZipFile(stream)
    names = opened.namelist()
    if _OFFICE_TYPES in names or names[:1] != [_DOCUMENT_TYPE]:
        return _OFFICE_TYPES in names
    with opened.open(_DOCUMENT_TYPE) as first:
        return first.read(len(_DOCUMENT)) == _DOCUMENT


class _Reopened(RawIOBase):
    """A file that is opened anew for every read."""

    def __init__(self, file: StoredFile) -> None:
        self._file, self._at = file, 0
        with file.open() as stream:
            self._size = stream.seek(0, SEEK_END)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        at = offset + (0, self._at, self._size)[whence]
        if at < 0:
            raise OSError("a place before the start of a file")
        self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        with self._file.open() as stream:
            stream.seek(self._at)
            data = stream.read(count)
        self._at += len(data)
        return data


class _Packed:
    """The files of an archive; where they are pickled, the other process lists them again."""

    def __init__(self, archive: StoredFile, opened: ZipFile | None = None) -> None:
        self._archive, self._opened = archive, opened

    def __reduce__(self) -> tuple[type["_Packed"], tuple[StoredFile]]:
        return _Packed, (self._archive,)

    def open(self, info: ZipInfo) -> BinaryIO:
        """Unpack a file while it is read."""
        opened = self._opened or _list_again(self._archive)
        return opened.open(info)  # type: ignore[return-value]

    def read(self, info: ZipInfo) -> BinaryIO:
        """Unpack a file."""
        with self.open(info) as stream:
            return BytesIO(read_limited(stream))


@lru_cache(maxsize=4)
def _list_again(archive: StoredFile) -> ZipFile:
    return ZipFile(_Reopened(archive))


def _check_directory(stream: RawIOBase | BinaryIO, size: int) -> None:
    """Refuse a directory that would fill the memory (APPNOTE.TXT, 4.3.14 to 4.3.16)."""
    stream.seek(max(size - _END_BYTES, 0))
    end = stream.read()
    at = end.rfind(b"PK\x05\x06")
    length = int.from_bytes(end[at + 12 : at + 16], "little")
    if at >= _BEFORE_END and end.startswith(b"PK\x06\x06", at - _BEFORE_END):  # ZIP64
        length = int.from_bytes(end[at - 36 : at - 28], "little")
    if length > _MAXIMUM_DIRECTORY_BYTES:
        raise InputError(f"lists its files in {length:,} bytes; no archive of scans does")


def _check_sizes(members: list[ZipInfo], packed: int) -> None:
    """Refuse by the directory alone, before anything is unpacked."""
    if len(members) > MAXIMUM_MEMBERS:
        raise InputError(f"{len(members):,} files, expected at most {MAXIMUM_MEMBERS:,}")
    unpacked = sum(info.file_size for info in members)
    if unpacked > _HARMLESS_BYTES and unpacked > MAXIMUM_RATIO * packed:
        raise InputError(
            f"would unpack to {unpacked / 1024**2:,.0f} MB, more than {MAXIMUM_RATIO} times its "
            "size; no archive of scans does"
        )


def _clean(member: str) -> str:
    """Make a name that stays below the archive's own, whatever it is joined to."""
    printable = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in member)
    parts = PurePosixPath(printable.replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in ("/", "//", ".."))
