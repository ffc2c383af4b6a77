from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom import DataElement
from pydicom.uid import JPEG2000Lossless, RLELossless

from scan_files import make_dataset, make_dicom, make_segmentation, make_series, write_dataset
from tumorscope.errors import InputError
from tumorscope.inference.given import find_given, find_or_refuse
from tumorscope.scans.find import find_scans
from tumorscope.scans.scan import ScanSlice, Unreadable

DEEP = np.arange(1600, dtype=np.uint16).reshape(40, 40)
FRAMES = np.stack([DEEP, DEEP + 500, DEEP[::-1]])


def read(given: object) -> list[ScanSlice]:
    (scan,) = find_given(given)
    if isinstance(scan, Unreadable):
        raise InputError(str(scan))
    slices = list(scan.read())
    assert all(isinstance(one, ScanSlice) for one in slices)
    return slices


def read_back(data: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(data))


class TestDataset:
    @pytest.mark.parametrize("values", [DEEP, FRAMES], ids=["one frame", "several"])
    @pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless])
    @pytest.mark.parametrize("is_read_back", [False, True])
    def test_dataset_gives_what_its_file_gives(self, tmp_path, values, syntax, is_read_back):
        dataset = make_dataset(values, WindowCenter=800, WindowWidth=1500)
        if syntax is not None:
            dataset.compress(syntax)
        (tmp_path / "IM1").write_bytes(write_dataset(dataset))
        (scan,) = find_scans(tmp_path / "IM1")
        given = read(read_back(write_dataset(dataset)) if is_read_back else dataset)
        for ours, expected in zip(given, scan.read(), strict=True):
            np.testing.assert_array_equal(ours.image, expected.image)
            assert ours.name.startswith("dataset")

    def test_a_segmentation_is_told(self):
        mask = read_back(make_segmentation(np.eye(40)[np.newaxis], [0]))
        ((of_mask,), (of_image,)) = find_given(mask), find_given(make_dataset(DEEP))
        assert of_mask.is_segmentation
        assert not of_image.is_segmentation

    def test_dataset_is_left_as_it_was(self):
        dataset = make_dataset(DEEP)
        before = write_dataset(dataset)
        read(dataset)
        assert write_dataset(dataset) == before

    def test_what_names_the_patient_is_neither_needed_nor_looked_at(self):
        dataset = make_dataset(DEEP)
        expected = read(dataset)[0].image
        with pytest.warns(UserWarning, match="cannot be assigned"):
            odd = DataElement("PatientComments", "US", "Secret, and no number")
        dataset["PatientComments"] = odd
        with pytest.raises(OSError, match="not an integer"):
            write_dataset(dataset)
        np.testing.assert_array_equal(read(dataset)[0].image, expected)

    @pytest.mark.parametrize(
        ("keyword", "value", "reason"),
        [
            ("Rows", 41, "truncated"),
            ("Rows", "Secret^Patient", "its Rows is no number"),
            ("RescaleSlope", "Secret^Patient", "its RescaleSlope is no number"),
            ("PhotometricInterpretation", "Secret^Patient", "not a readable DICOM"),
        ],
    )
    def test_reason_is_given_without_what_the_dataset_holds(self, keyword, value, reason):
        dataset = make_dataset(DEEP, WindowWidth=7)
        kind = "US" if isinstance(value, int) else "LO"
        dataset[keyword] = DataElement(keyword, kind, value)
        with pytest.raises(InputError, match=f"dataset: {reason}") as caught:
            read(dataset)
        assert "ecret" not in str(caught.value)

    def test_dataset_without_pixels_is_refused(self):
        dataset = make_dataset(DEEP)
        del dataset.PixelData
        with pytest.raises(InputError, match=r"dataset: holds no image .MR Image Storage."):
            read(dataset)

    def test_dataset_without_an_encoding_is_refused(self):
        dataset = make_dataset(DEEP)
        del dataset.file_meta.TransferSyntaxUID
        with pytest.raises(InputError, match="dataset: does not say how its pixels"):
            read(dataset)


class TestArray:
    def test_8_bit_gray_is_taken_as_it_is(self):
        gray = (DEEP % 256).astype(np.uint8)
        (given,) = read(gray)
        np.testing.assert_array_equal(given.image, np.repeat(gray[..., np.newaxis], 3, axis=-1))

    @pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.float64])
    def test_deep_gray_is_windowed(self, dtype):
        (given,) = read(DEEP.astype(dtype))
        assert given.image[0, 0, 0] == 0
        assert given.image[-1, -1, 0] == 255

    def test_array_is_not_shared_with_the_answer(self):
        color = np.repeat((DEEP % 256).astype(np.uint8)[..., np.newaxis], 3, axis=-1)
        (given,) = read(color)
        given.image[0, 0] = 77
        assert color[0, 0, 0] == 0

    @pytest.mark.parametrize(
        ("array", "reason"),
        [
            (np.zeros((3, 40, 40)), "expected shape"),
            (np.zeros((40, 40, 3)), "give color as uint8"),
            (np.zeros((40, 40), complex), "gray as any number"),
            (np.zeros((40, 20), np.uint8), "at least 32 px a side"),
            (np.full((40, 40), np.nan), "no finite value"),
            (np.ones((40, 40), np.uint16), "same value"),
        ],
    )
    def test_what_is_no_picture_is_refused(self, array, reason):
        with pytest.raises(InputError, match=f"array: .*{reason}"):
            read(array)


class TestPath:
    def test_folder_of_dicom_files_is_one_scan(self, tmp_path):
        for number, data in enumerate(make_series(FRAMES)):
            (tmp_path / f"IM{number}").write_bytes(data)
        assert [given.index for given in read(tmp_path)] == [0, 1, 2]
        assert len(read(str(tmp_path))) == 3

    def test_lone_file_is_one_picture(self, tmp_path):
        (tmp_path / "IM1").write_bytes(make_dicom(DEEP))
        assert read(tmp_path / "IM1")[0].series is None


@pytest.mark.parametrize("given", [3, None, b"bytes", [1, 2]])
def test_anything_else_is_refused(given):
    with pytest.raises(InputError, match=f"found {type(given).__name__}"):
        list(find_given(given))


class TestRefuse:
    def test_what_is_not_there_is_named_with_its_reason(self, tmp_path):
        gone = tmp_path / "gone.png"
        assert list(find_or_refuse(gone)) == [Unreadable(str(gone), "no such file or folder")]

    def test_what_is_no_scan_is_named_by_its_kind(self):
        (refused,) = find_or_refuse(7)
        assert str(refused) == "int: expected a path, an array or a pydicom Dataset, found int"

    def test_scan_is_found_as_always(self):
        ((given,),) = (scan.read() for scan in find_or_refuse(DEEP))
        np.testing.assert_array_equal(given.image, read(DEEP)[0].image)
