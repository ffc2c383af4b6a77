"""Find the files that hold an image which another file holds already, in any encoding."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from hashlib import file_digest, sha256
from typing import Any, NamedTuple

import numpy as np

from tumorscope.errors import InputError
from tumorscope.scans.dicom.file import open_dicom
from tumorscope.scans.dicom.pixels import count_frames, decode_frame
from tumorscope.scans.refusal import refusing
from tumorscope.scans.stored_file import StoredFile
from tumorscope.scans.turns import taking_turns

_ANY_PIXELS = ""


class Instance(NamedTuple):
    """What a file says of the instance that it holds.

    Parameters
    ----------
    file
        The file.
    uid
        Of the instance; a bad anonymizer gives one to all.
    described
        What else copies agree in: where the image lies, and how it was measured.
    is_approximate
        Whether it is compressed with losses, so that copies of it have other pixels.
    """

    file: StoredFile
    uid: str
    described: tuple[Any, ...]
    is_approximate: bool


def find_originals(instances: Sequence[Instance]) -> Iterator[StoredFile | None]:
    """Find for each file the earlier one that holds the same; None for one that is to be read.

    Files of one UID that are described alike are copies where their decoded pixels are equal, or
    where one is compressed with losses. No others are decoded.
    """
    uses = Counter((instance.uid, instance.described) for instance in instances)
    read: dict[tuple[Any, ...], dict[str, StoredFile]] = defaultdict(dict)
    for instance in instances:
        key = instance.uid, instance.described
        if not instance.uid or uses[key] == 1:
            yield None
            continue
        earlier = read[key]
        pixels = _ANY_PIXELS if instance.is_approximate else _digest_pixels(instance.file)
        original = earlier.get(pixels) or earlier.get(_ANY_PIXELS)
        if original is None and instance.is_approximate:
            original = next(iter(earlier.values()), None)
        if original is None:
            earlier[pixels] = instance.file
        yield original


def _digest_pixels(file: StoredFile) -> str:
    """Digest the decoded pixels of a file, or all its bytes where they cannot be decoded."""
    digest = sha256()
    try:
        with refusing("DICOM file"), open_dicom(file) as dicom:
            number_of_frames = count_frames(dicom)
            for index in range(number_of_frames):
                with taking_turns(dicom.header.Rows * dicom.header.Columns):
                    values = decode_frame(dicom, index, number_of_frames)
                # Encodings differ in the order of bytes, and some in the type that is decoded.
                digest.update(np.ascontiguousarray(values, np.float64).tobytes())
        return digest.hexdigest()
    except InputError:
        return _digest_bytes(file)


def _digest_bytes(file: StoredFile) -> str:
    try:
        with refusing("DICOM file"), file.open() as stream:
            return file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except InputError:  # gone or changed since it was found; whoever reads it will say so
        return file.name
