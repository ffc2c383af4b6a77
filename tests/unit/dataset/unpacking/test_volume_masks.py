import numpy as np
import pytest

from scan_files import make_nifti, make_segmentation, make_series
from tumorscope.dataset.unpacking.volume_masks import is_volume_mask, read_volume_mask
from tumorscope.errors import InputError
from tumorscope.scans.find import find_scans
from tumorscope.scans.pictures import write_slices

# Slices, rows toward the back, columns toward the left.
VOLUME = np.random.default_rng(1).integers(0, 4000, (6, 40, 48)).astype(np.uint16)
LESION = np.zeros((6, 40, 48), bool)
LESION[2, 10:14, 30:36] = LESION[3, 11:13, 31] = True


def turn(volume):
    """The same in the axes of NIfTI: toward the right, the face and the head."""
    return volume.transpose(2, 1, 0)[::-1, ::-1]


# Where `make_series` puts the slices: 1 mm pixels from the first one at 0, 0, 0, and 2 mm apart.
AFFINE = np.array([[1, 0, 0, -47], [0, 1, 0, -39], [0, 0, 2, 0], [0, 0, 0, 1.0]])


@pytest.fixture
def slices(tmp_path):
    """The slices of the volume, as a DICOM series."""
    folder = tmp_path / "series"
    folder.mkdir()
    for number, data in enumerate(make_series(VOLUME, PixelSpacing=[1, 1])):
        (folder / f"{number}.dcm").write_bytes(data)
    (scan,) = find_scans(folder)
    return write_slices(scan, tmp_path / "out", lambda: None)[0]


@pytest.fixture
def read(tmp_path):
    def write_and_read(data):
        (tmp_path / "mask").write_bytes(data)
        return read_volume_mask(tmp_path / "mask", "axial")

    return write_and_read


def assert_equal_lesion(lesions):
    assert sorted(lesions) == [2, 3]
    for place, is_lesion in lesions.items():
        np.testing.assert_array_equal(is_lesion, LESION[place])


def test_a_nifti_mask_lies_on_a_dicom_series(read, slices):
    for labels in (LESION.astype(np.uint8), LESION * 4.0):
        assert_equal_lesion(read(make_nifti(turn(labels), AFFINE)).lie_on(slices))


def test_a_segmentation_lies_on_the_slices_that_it_names(read, slices):
    assert_equal_lesion(read(make_segmentation(LESION[[3, 2]], [3, 2])).lie_on(slices))


def test_segments_of_one_slice_are_joined(read, slices):
    left, right = LESION[2].copy(), LESION[2].copy()
    left[:, 33:], right[:, :33] = False, False
    (lesion,) = read(make_segmentation(np.stack([left, right]), [2, 2])).lie_on(slices).values()
    np.testing.assert_array_equal(lesion, LESION[2])


@pytest.mark.parametrize("change_mm", [(0, 0, 1), (0, 0.5, 0), (200, 0, 0)])
def test_a_mask_on_another_grid_lies_on_none(read, slices, change_mm):
    moved = AFFINE.copy()
    moved[:3, 3] += change_mm
    assert read(make_nifti(turn(LESION.astype(np.uint8)), moved)).lie_on(slices) is None


def test_what_shows_no_lesion_or_is_no_mask_is_refused(read):
    with pytest.raises(InputError, match="mask: shows no lesion"):
        read(make_nifti(turn(0 * LESION.astype(np.uint8)), AFFINE))
    with pytest.raises(InputError, match="not the mask of a volume"):
        read(b"white")
    with pytest.raises(InputError, match="not the mask of a volume"):
        read(make_series(VOLUME)[0])


def test_masks_of_volumes_are_known_by_their_content(tmp_path, write_slice):
    nifti, picture, outlines = (tmp_path / name for name in ("a", "b.png", "c.json"))
    nifti.write_bytes(make_nifti(LESION.astype(np.uint8)))
    write_slice(picture)
    outlines.write_text("{}")
    given = nifti, picture, outlines, tmp_path / "gone"
    assert [is_volume_mask(path) for path in given] == [True, False, False, False]
