import hashlib
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from tumorscope.auditing import reading as module
from tumorscope.auditing.outliers import PictureFeatures
from tumorscope.auditing.reading import read_folders
from tumorscope.errors import InputError


@pytest.fixture
def folder(tmp_path, write_slice):
    write_slice(tmp_path / "data" / "yes" / "a.png", 100)
    write_slice(tmp_path / "data" / "no" / "b.png", 60)
    return tmp_path / "data"


class TestReadFolders:
    def test_each_image_is_a_row(self, folder):
        result = read_folders([folder])
        assert result.names == ["data"]
        assert result.slices["path"].tolist() == ["no/b.png", "yes/a.png"]
        assert result.slices["label_name"].tolist() == ["no", "yes"]
        assert set(result.slices["folder"]) == {"data"}
        assert result.slices[["width", "height"]].to_numpy().tolist() == [[40, 40]] * 2
        checksum = hashlib.sha256((folder / "no" / "b.png").read_bytes()).hexdigest()
        assert result.slices["sha256"][0] == checksum
        assert set(PictureFeatures._fields) <= set(result.slices.columns)
        assert result.slices["brightness"].tolist() == [60, 100]
        assert len(result.thumbnails) == 2
        assert result.codes.shape == (2, 5, 32)
        assert result.rejected.empty

    def test_two_folders_keep_their_order_and_names(self, folder, tmp_path, write_slice):
        write_slice(tmp_path / "a" / "flat.png", 30)
        result = read_folders([folder, tmp_path / "a"])
        assert result.slices["folder"].tolist() == ["data", "data", "a"]
        assert result.slices["label_name"].tolist() == ["no", "yes", ""]

    def test_broken_files_are_rejected_with_the_reason(self, folder):
        data = (folder / "yes" / "a.png").read_bytes()
        (folder / "yes" / "cut.png").write_bytes(data[: len(data) // 2])
        (folder / "yes" / "empty.jpg").touch()
        (folder / "yes" / "gone.png").symlink_to("nothing.png")
        (folder / "yes" / "linked").symlink_to(folder / "no")
        Image.fromarray(np.full((40, 40), 7, np.uint8)).save(folder / "yes" / "uniform.png")
        with (folder / "yes" / "vast.bmp").open("wb") as vast:
            vast.truncate(module.MAXIMUM_BYTES + 1)
        result = read_folders([folder])
        reasons = dict(result.rejected[["path", "reason"]].to_numpy())
        assert reasons.keys() == {
            f"yes/{name}"
            for name in ("cut.png", "empty.jpg", "gone.png", "linked", "uniform.png", "vast.bmp")
        }
        assert reasons["yes/cut.png"].startswith("not a readable JPEG")
        assert reasons["yes/gone.png"] == "cannot be read: No such file or directory"
        assert reasons["yes/linked"] == "a link to a folder; give that folder itself"
        assert reasons["yes/uniform.png"].startswith("every pixel has the same value")
        assert reasons["yes/vast.bmp"] == "larger than 512 MB"
        assert set(result.rejected["folder"]) == {"data"}
        assert len(result.slices) == 2

    def test_folder_without_a_readable_image_is_refused(self, folder, tmp_path):
        (tmp_path / "bad").mkdir()
        (tmp_path / "bad" / "x.png").write_bytes(b"no image")
        with pytest.raises(InputError, match=r"bad: none of its images can be read, such as x.png"):
            read_folders([folder, tmp_path / "bad"])

    def test_name_that_is_not_utf8_is_read(self, folder):
        name = os.fsdecode(os.fsencode(folder / "no") + b"/\xff.png")
        shutil.copy(folder / "no" / "b.png", name)
        slices = read_folders([folder]).slices
        assert slices["path"].tolist() == ["no/b.png", "no/\udcff.png", "yes/a.png"]
        assert slices["brightness"].tolist() == [60, 60, 100]

    def test_progress_counts_every_file(self, folder):
        (folder / "bad.png").touch()
        seen = []
        read_folders([folder], lambda *report: seen.append(report))
        assert seen == [("reading images", done, 3) for done in (1, 2, 3)]
