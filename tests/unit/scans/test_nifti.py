from itertools import product

import numpy as np
import pytest
from nibabel.affines import apply_affine

from scan_files import make_nifti, pack, patch
from tumorscope.errors import InputError
from tumorscope.scans.nifti import read_nifti_mask
from tumorscope.scans.stored_file import store_bytes

SHAPE = (40, 50, 36)


def make_volume() -> np.ndarray:
    """Values that rise toward the right, and more so toward the face and the head."""
    right, anterior, superior = np.meshgrid(*map(np.arange, SHAPE), indexing="ij")
    return (right + 100 * anterior + 10_000 * superior).astype(np.float32)


def is_darker(first: np.ndarray, second: np.ndarray) -> bool:
    return float(first.mean()) < float(second.mean())


class TestOrientation:
    @pytest.mark.parametrize(
        ("plane", "count", "shape"),
        [("axial", 36, (50, 40)), ("coronal", 50, (36, 40)), ("sagittal", 40, (36, 50))],
    )
    def test_plane_is_cut_as_radiologists_look_at_it(self, read, plane, count, shape):
        parts = np.zeros(SHAPE, np.float32)
        parts[30:], parts[:, 40:], parts[:, :, 30:] = 1, 2, 4
        slices = read(make_nifti(parts), plane=plane)
        assert len(slices) == count
        image = slices[count // 2].image[..., 0]
        assert image.shape == shape
        assert is_darker(image[-5:], image[:5])  # the face, or the head, at the top
        assert is_darker(image[:, -5:], image[:, :5])  # the right, or the face, on the left

    def test_slices_run_upward_backward_and_from_left_to_right(self, read):
        data = make_nifti(make_volume())
        for plane, rises in (("axial", True), ("coronal", False), ("sagittal", True)):
            slices = read(data, plane=plane)
            first, last = slices[0].image, slices[-1].image
            assert is_darker(first, last) == rises, plane

    @pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
    def test_the_way_of_storing_makes_no_difference(self, read, plane):
        volume = make_volume()
        expected = read(make_nifti(volume), plane=plane)
        affine = np.array([[0, 0, -1, 39], [-1, 0, 0, 49], [0, 1, 0, 0], [0, 0, 0, 1.0]])
        stored = volume.transpose(1, 2, 0)[::-1, :, ::-1].copy()
        for given, wanted in zip(
            read(make_nifti(stored, affine), plane=plane), expected, strict=True
        ):
            np.testing.assert_array_equal(given.image, wanted.image)

    def test_voxels_that_are_no_cubes_are_shown_square(self, read):
        cubes, tall = (make_nifti(make_volume(), np.diag([1, 1, mm, 1])) for mm in (1, 3))
        # At three times the height each row of before is the middle one of three.
        for plane, every in (("coronal", slice(1, None, 3)), ("axial", slice(None))):
            expected, stretched = (read(data, plane=plane)[9].image for data in (cubes, tall))
            np.testing.assert_array_equal(stretched[every], expected)


OBLIQUE = np.array([[0, 0.2, -3, 39], [-1, 0, 0.1, 49], [0.1, 2, 0, 7], [0, 0, 0, 1.0]])


@pytest.mark.parametrize(("plane", "step"), [("axial", 3), ("coronal", 2), ("sagittal", 1)])
def test_slices_know_how_far_apart_they_lie(read, plane, step):
    slices = read(make_nifti(make_volume(), np.diag([1, 2, 3, 1])), plane=plane)
    np.testing.assert_allclose(np.diff([one.position_mm for one in slices]), step)


class TestMask:
    @pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
    @pytest.mark.parametrize("voxel", list(product((0, 39), (0, 49), (0, 35))))
    def test_corners_are_where_the_affine_puts_the_voxel_shown_there(self, plane, voxel):
        labels = np.zeros(SHAPE, np.uint8)
        labels[voxel] = 4
        file = store_bytes("mask", make_nifti(labels, OBLIQUE))
        (found,) = (s for s in read_nifti_mask(file, plane) if s.image.any())
        down, right = (int(at[0] > 0) for at in np.nonzero(found.image[..., 0]))
        first, along_row, along_column = found.corners_mm
        shown = first + right * (along_row - first) + down * (along_column - first)
        expected = apply_affine(OBLIQUE, voxel) * (-1, -1, 1)
        np.testing.assert_allclose(shown, expected, atol=1e-4)

    def test_every_label_but_zero_is_white_at_any_size(self, read):
        labels = np.zeros(SHAPE, np.uint8)
        labels[10, 20, 5], labels[10, 20, 6] = 1, 4
        data = make_nifti(labels, np.diag([1, 1.6, 1, 1]))
        slices = list(read_nifti_mask(store_bytes("mask", data), "axial"))
        assert [s.index for s in slices if (s.image == 255).any()] == [5, 6]
        assert set(np.unique(slices[6].image)) == {0, 255}
        assert slices[6].image.shape == read(data)[6].image.shape == (80, 40, 3)

    def test_several_volumes_are_no_mask(self):
        labels = np.zeros((*SHAPE, 2), np.uint8)
        labels[10, 20, 5, 1] = 1  # it would be lost
        file = store_bytes("mask", make_nifti(labels))
        with pytest.raises(InputError, match="mask: a mask of several volumes"):
            list(read_nifti_mask(file, "axial"))


class TestValues:
    def test_window_is_that_of_the_whole_volume(self, read):
        slices = read(make_nifti(make_volume()))
        means = [given.image.mean() for given in slices]
        assert means == sorted(means)
        assert means[0] < 10
        assert means[-1] > 245

    @pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float64])
    def test_every_real_type_is_read(self, read, dtype):
        values = (make_volume() / 1500).astype(dtype)
        for given, expected in zip(
            read(make_nifti(values)), read(make_nifti(values.astype(np.float32))), strict=True
        ):
            np.testing.assert_allclose(given.image, expected.image.astype(int), atol=1)

    def test_packed_file_is_read_alike(self, read):
        plain, packed = (
            read(make_nifti(make_volume(), is_packed=is_packed)) for is_packed in (False, True)
        )
        np.testing.assert_array_equal(plain[9].image, packed[9].image)

    def test_negative_slope_turns_dark_and_light(self, read):
        data = make_nifti(make_volume())
        turned = read(patch(data, 112, "<ff", -2, 5))
        np.testing.assert_allclose(
            turned[9].image.astype(int), 255 - read(data)[9].image.astype(int), atol=1
        )

    def test_nan_is_shown_as_air(self, read):
        volume = make_volume()
        volume[:20] = np.nan
        slices = read(make_nifti(volume))
        assert (slices[20].image[:, 20:] == 0).all()
        assert (slices[20].image[:, :20] > 0).all()

    @pytest.mark.parametrize("value", [np.nan, 0, 7])
    def test_volume_of_nothing_is_refused(self, read, value):
        with pytest.raises(InputError, match=r"scan: (holds no finite|every pixel)"):
            read(make_nifti(np.full(SHAPE, value, np.float32)))

    def test_an_empty_slice_of_a_volume_is_given_as_air(self, read):
        volume = make_volume()
        volume[..., 0] = volume.min()
        assert (read(make_nifti(volume))[0].image == 0).all()


def test_more_slices_than_a_head_has_are_refused(read):
    data = make_nifti(np.arange(32 * 33 * 2001, dtype=np.uint8).reshape(32, 33, 2001))
    with pytest.raises(InputError, match="scan: holds 2,001 axial slices, expected at most 2,000"):
        read(data)
    assert len(read(data, plane="sagittal")) == 32


class TestFourDimensions:
    def test_volume_is_chosen(self, read):
        volumes = np.stack([make_volume(), make_volume()[::-1]], axis=-1)
        for is_packed in (False, True):
            data = make_nifti(volumes, is_packed=is_packed)
            for volume in (0, 1):
                alone = read(make_nifti(np.ascontiguousarray(volumes[..., volume])))
                chosen = read(data, volume=volume)
                said = f"only volume {volume} of 2 is answered; --volume chooses another"
                assert {one.note for one in chosen} == {said}
                assert {one.note for one in alone} == {None}
                np.testing.assert_array_equal(chosen[8].image, alone[8].image)

    def test_volume_that_is_not_there_is_refused_with_their_number(self, read):
        with pytest.raises(InputError, match="holds 1 volumes, counted from 0"):
            read(make_nifti(make_volume()), volume=1)

    def test_single_slice_is_a_volume_of_one(self, read):
        values = make_volume()[..., 9]
        (alone,) = read(make_nifti(values))
        shown = values.T[::-1, ::-1]  # the face at the top, the right on the left
        assert np.corrcoef(alone.image[..., 0].ravel(), shown.ravel())[0, 1] > 0.999


def test_slices_are_named_after_file_and_number(read):
    slices = read(make_nifti(make_volume()), name="brain.nii")
    assert slices[7].name.endswith("brain.nii#007")
    assert slices[7].series.endswith("brain.nii")
    assert [given.index for given in slices] == list(range(36))


class TestDamage:
    GOOD = make_nifti(make_volume())

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (GOOD[:-1], r"truncated: volume 0 ends after 287,999 bytes of 288,000"),
            (pack(GOOD)[:-2000], "not a readable NIfTI file|truncated"),
            (GOOD[:348], "truncated"),
            (pack(GOOD)[:-8] + b"\0" * 8, "CRC check failed"),
            (pack(GOOD + b"more" * 999)[:-8] + b"\0" * 8, "CRC check failed"),
            (patch(GOOD, 40, "<8h", 3, -40, 50, 36, 1, 1, 1, 1), "expected one volume"),
            (
                patch(GOOD, 40, "<8h", 3, *[32_000] * 7),
                "holds 125,000,000 MB, expected at most 384",
            ),
            (patch(GOOD, 70, "<h", 32), "no gray"),
            (patch(GOOD, 70, "<h", 128), "no gray"),
            (patch(GOOD, 280, "<12f", *[np.nan] * 12), "affine is not finite"),
            (patch(GOOD, 280, "<12f", *[0] * 12), "affine is singular"),
            (patch(GOOD, 108, "<f", 1e30), "declares its data at byte"),
            (GOOD[:344] + b"ni1\0" + GOOD[348:], "save header and data as one"),
        ],
    )
    def test_reason_is_given(self, read, data, reason):
        with pytest.raises(InputError, match=f"scan: .*({reason})"):
            read(data)
