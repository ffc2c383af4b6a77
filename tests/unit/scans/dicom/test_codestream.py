from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tumorscope.errors import InputError
from tumorscope.scans.dicom.codestream import read_size


def encode(shape: tuple[int, ...], form: str, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(np.zeros(shape, np.uint8)).save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("shape", [(40, 50), (33, 70, 3)])
@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG2000", {}),
        ("JPEG2000", {"no_jp2": True}),
    ],
)
def test_declared_size_is_read(shape, form, options):
    rows, columns, *samples = shape
    assert read_size(encode(shape, form, **options)) == (rows, columns, *(samples or [1]))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xc0", b"\xff\x4f\xff\x51", b"x" * 99]
)
def test_what_declares_none_is_refused(data):
    with pytest.raises(InputError, match="compressed frame"):
        read_size(data)


def test_endless_boxes_are_no_endless_loop():
    with pytest.raises(InputError):
        read_size(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100_000))


def test_more_tiles_than_a_scanner_writes_are_refused():
    data = bytearray(encode((80, 64), "JPEG2000", no_jp2=True))
    at = data.index(b"\xff\x4f\xff\x51") + 4 + 20
    data[at : at + 8] = (1).to_bytes(4) * 2
    with pytest.raises(InputError, match="tiles"):
        read_size(bytes(data))
