from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from scan_files import make_dataset, write_dataset
from tumorscope.scans.dicom.instances import Instance, find_originals
from tumorscope.scans.stored_file import store_bytes

GRAY = np.arange(1600, dtype=np.uint8).reshape(40, 40)


def encode(gray_hw: np.ndarray) -> bytes:
    return write_dataset(make_dataset(gray_hw, SOPInstanceUID="1.9"))


def encode_with_losses(gray_hw: np.ndarray) -> bytes:
    stream = BytesIO()
    Image.fromarray(gray_hw).save(stream, "JPEG", quality=50)
    dataset = make_dataset(gray_hw, SOPInstanceUID="1.9")
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    return write_dataset(dataset)


def find(*given: tuple[bytes, bool], uid: str = "1.9", described=(0,)) -> list[str | None]:
    instances = [
        Instance(store_bytes(str(number), data), uid, described, is_approximate)
        for number, (data, is_approximate) in enumerate(given)
    ]
    return [None if file is None else file.name for file in find_originals(instances)]


PLAIN, LOSSY = (encode(GRAY), False), (encode_with_losses(GRAY), True)


@pytest.mark.parametrize("files", [[PLAIN, LOSSY], [LOSSY, PLAIN], [PLAIN, PLAIN], [LOSSY, LOSSY]])
def test_copy_compressed_with_losses_or_without_is_found(files):
    assert find(*files) == [None, "0"]


def test_other_pixels_are_another_image():
    assert find(PLAIN, (encode(GRAY.T.copy()), False), PLAIN) == [None, None, "0"]


def test_what_cannot_be_decoded_is_compared_by_its_bytes():
    assert find((b"a", False), (b"b", False), (b"a", False)) == [None, None, "0"]


def test_without_a_uid_nothing_is_a_copy():
    assert find(PLAIN, PLAIN, uid="") == [None, None]
