from pathlib import Path

import numpy as np
import pytest

from scan_files import make_nifti, make_segmentation, make_series, make_zip
from tumorscope.auditing.copies import group_copies
from tumorscope.auditing.reading import read_folders
from tumorscope.errors import InputError
from tumorscope.phantoms import draw_phantom
from tumorscope.scans.find import find_scans
from tumorscope.scans.images import read_slice

VOLUME = np.random.default_rng(1).integers(0, 4000, (48, 40, 3)).astype(np.int16)


@pytest.fixture
def folder(tmp_path, write_slice):
    """A folder of a picture, a volume, an archive with a series, and a segmentation."""
    folder = tmp_path / "data"
    write_slice(folder / "no/a.png", 60)
    frames = np.ascontiguousarray(VOLUME.transpose(2, 1, 0).astype(np.uint16))
    files = {
        "yes/brain.nii": make_nifti(VOLUME),
        "no/study.zip": make_zip({f"IM{at}": one for at, one in enumerate(make_series(frames))}),
        "no/mask.dcm": make_segmentation(frames[:1] > 2000, [0]),
        "yes/torn.nii": make_nifti(VOLUME)[:-99],
        "yes/table.csv": b"a,b",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_slices_are_named_as_predict_names_them(folder, tmp_path):
    reading = read_folders([folder], home=tmp_path / "home")
    slices = reading.slices
    assert dict(slices[["path", "label_name"]].to_numpy()) == {
        "no/a.png": "no",
        **{f"yes/brain.nii#00{at}": "yes" for at in range(3)},
        **{f"no/study.zip/IM{at}": "no" for at in range(3)},
    }
    (scan,) = find_scans(folder / "yes/brain.nii")
    shown = {one.name: one.image for one in scan.read()}
    for path, one in zip(slices["path"], reading.files, strict=True):
        if "#" in path:
            np.testing.assert_array_equal(read_slice(one.file), shown[str(folder / path)])
    assert reading.rejected["path"].tolist() == ["yes/torn.nii"]
    assert "truncated" in reading.rejected["reason"][0]


def test_slices_of_volumes_are_told_apart_and_know_their_place(folder, tmp_path):
    reading = read_folders([folder], home=tmp_path / "home")
    is_picture = reading.slices["path"] == "no/a.png"
    assert ([file.is_told_apart for file in reading.files] == ~is_picture).all()


def test_neighbours_that_look_alike_are_no_copies_but_equal_slices_are(tmp_path):
    shown = draw_phantom(3, 0, has_tumor=True).image_hw.astype(np.int16)
    alike = np.stack([shown, shown + 1, shown + 2, shown + 2], axis=2)
    for name in ("a.nii", "b.nii"):
        (tmp_path / "heads").mkdir(exist_ok=True)
        (tmp_path / "heads" / name).write_bytes(make_nifti(alike))
    found = group_copies(read_folders([tmp_path / "heads"], home=tmp_path / "home"))
    assert found["group"].tolist() == [0, 1, 2, 2] * 2
    assert set(found["kind"]) == {"original", "exact"}


def test_a_folder_of_segmentations_alone_is_refused(folder, tmp_path):
    (tmp_path / "masks").mkdir()
    (folder / "no/mask.dcm").rename(tmp_path / "masks/mask.dcm")
    with pytest.raises(InputError, match="masks: none of its images can be read; segm"):
        read_folders([folder, tmp_path / "masks"], home=tmp_path / "home")


def test_a_relative_folder_will_do(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    assert "yes/brain.nii#001" in set(read_folders([Path()], home=tmp_path).slices["path"])


def test_without_a_folder_for_slices_scans_are_refused(folder):
    with pytest.raises(InputError, match="no picture, and there is no folder"):
        read_folders([folder])
