import numpy as np
import pytest
from PIL import Image

from scan_files import make_dicom, make_nifti
from tumorscope.errors import InputError
from tumorscope.scans.find import find_scans
from tumorscope.scans.images import read_slice
from tumorscope.scans.pictures import write_slices
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable

VOLUME = np.random.default_rng(1).integers(0, 4000, (48, 40, 6)).astype(np.int16)


@pytest.fixture
def write(tmp_path):
    """Write the slices of the only scan in some files."""

    def write_files(**files):
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        (scan,) = find_scans([tmp_path / name for name in files])
        counted = []
        written, left_out = write_slices(scan, tmp_path / "out", lambda: counted.append(1))
        return scan, written, left_out, len(counted)

    return write_files


def test_pictures_hold_what_a_model_is_shown(write):
    scan, written, left_out, counted = write(volume=make_nifti(VOLUME))
    assert not left_out
    assert counted == len(written) == 6
    for one, shown in zip(written, scan.read(), strict=True):
        np.testing.assert_array_equal(read_slice(one.path), shown.image)
        assert (one.name, one.series, one.place) == (shown.name, shown.series, shown.index)
        assert one.size_hw == (40, 48)
        with Image.open(one.path) as picture:
            assert picture.mode == "L"


def test_color_is_kept(write):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    _, (one,), _, _ = write(color=make_dicom(pixels))
    np.testing.assert_array_equal(read_slice(one.path), pixels)


def test_empty_slices_are_told_in_one_line(write, tmp_path):
    volume = VOLUME.copy()
    volume[..., [0, 1, 5]] = 0
    scan, written, left_out, _ = write(volume=make_nifti(volume))
    assert [one.place for one in written] == [2, 3, 4]
    reason = "3 of 6 slices left out: every pixel has the same value"
    assert [str(one) for one in left_out] == [f"{scan.name}: {reason}"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "0002.png",
        "0003.png",
        "0004.png",
    ]


def test_a_damaged_slice_is_named(tmp_path):
    image = np.arange(40 * 40 * 3, dtype=np.uint8).reshape(40, 40, 3)
    read = [ScanSlice("a", image, "s", 0), Unreadable("b", "torn"), ScanSlice("c", image, "s", 2)]
    written, left_out = write_slices(Scan("s", lambda: iter(read)), tmp_path / "o", lambda: None)
    assert [(one.name, one.path.name) for one in written] == [("a", "0000.png"), ("c", "0002.png")]
    assert [str(one) for one in left_out] == ["b: torn"]


def test_a_volume_of_labels_is_refused_and_leaves_no_folder(write, tmp_path):
    labels = np.zeros(VOLUME.shape, np.uint8)
    labels[10:20, 10:20, 2:4], labels[15:, 20:, 3] = 1, 4
    with pytest.raises(InputError, match=r"volume: shows 3 grays only.*the column 'mask'"):
        write(volume=make_nifti(labels))
    assert not (tmp_path / "out").exists()
