import numpy as np
import pytest
from pydicom import Dataset

from scan_files import make_dataset, make_item
from tumorscope.scans.dicom.place import find_corners

FRAME = np.zeros((40, 60), np.uint16)


class TestFindCorners:
    def test_follow_rows_and_columns_from_the_first_pixel(self):
        header = make_dataset(
            FRAME,
            ImagePositionPatient=[-10, 20, 5],
            ImageOrientationPatient=[0, 1, 0, 0, 0, -1],
            PixelSpacing=[0.5, 2],
        )
        # From x, y, z = P + d_j * X * j + d_i * Y * i (PS3.3, C.7.6.2.1.1): 59 columns, 2 mm
        # apart, toward the back, and 39 rows, 0.5 mm apart, toward the feet.
        np.testing.assert_allclose(
            find_corners(header), [[-10, 20, 5], [-10, 138, 5], [-10, 20, -14.5]]
        )

    def test_a_frame_has_those_of_its_own_functional_groups(self):
        header = make_dataset(FRAME[np.newaxis].repeat(2, 0))
        header.SharedFunctionalGroupsSequence = make_item(
            PixelMeasuresSequence=make_item(PixelSpacing=[1, 1]),
            PlaneOrientationSequence=make_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
        )
        header.PerFrameFunctionalGroupsSequence = [
            make_item(PlanePositionSequence=make_item(ImagePositionPatient=[0, 0, z]))[0]
            for z in (3, 8)
        ]
        assert [find_corners(header, index)[0, 2] for index in (0, 1)] == [3, 8]

    @pytest.mark.parametrize("missing", ["ImagePositionPatient", "PixelSpacing"])
    def test_are_unknown_where_the_file_lacks_what_tells_them(self, missing):
        told = {
            "ImagePositionPatient": [0, 0, 0],
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "PixelSpacing": [1, 1],
        }
        header = make_dataset(FRAME, **{**told, missing: None})
        assert find_corners(header) is None
        assert find_corners(Dataset()) is None
