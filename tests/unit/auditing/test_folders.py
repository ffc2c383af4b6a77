import os
from pathlib import Path

import pytest

from tumorscope.auditing.folders import FoundFile, check_folders, list_files, name_folders
from tumorscope.errors import InputError


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


class TestCheckFolders:
    def test_folders_side_by_side_are_accepted(self, tmp_path):
        check_folders([touch(tmp_path / "a", "x.png"), touch(tmp_path / "ab", "x.png")])

    def test_none_is_refused(self):
        with pytest.raises(InputError, match="at least one folder"):
            check_folders([])

    @pytest.mark.parametrize("name", ["gone", "file.png"])
    def test_what_is_no_folder_is_refused(self, tmp_path, name):
        touch(tmp_path, "file.png")
        with pytest.raises(InputError, match=f"{name}: no such folder"):
            check_folders([tmp_path / name])

    def test_the_same_folder_by_two_names_is_refused(self, tmp_path):
        touch(tmp_path, "a/x.png")
        (tmp_path / "link").symlink_to(tmp_path / "a")
        for other in (tmp_path / "a", tmp_path / "a" / ".." / "a", tmp_path / "link"):
            with pytest.raises(InputError, match="the same folder"):
                check_folders([tmp_path / "a", other])

    @pytest.mark.parametrize("order", [1, -1])
    def test_a_folder_inside_another_is_refused(self, tmp_path, order):
        touch(tmp_path, "a/yes/x.png")
        with pytest.raises(InputError, match=r"a and .*a/yes: one is inside the other"):
            check_folders([tmp_path / "a", tmp_path / "a" / "yes"][::order])


class TestNameFolders:
    def test_the_last_part_is_enough_where_it_differs(self):
        assert name_folders([Path("/data/train"), Path("/data/test")]) == ["train", "test"]

    def test_more_of_the_path_tells_equal_last_parts_apart(self):
        folders = [Path("/one/data/train"), Path("/two/data/train"), Path("/two/data/test")]
        assert name_folders(folders) == ["one/data/train", "two/data/train", "two/data/test"]

    def test_a_relative_folder_gets_its_own_name(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert name_folders([Path()]) == [tmp_path.name]
        assert name_folders([Path("/")]) == ["/"]


class TestListFiles:
    def test_label_is_the_subfolder_that_holds_the_file(self, tmp_path):
        touch(tmp_path, "yes/b.png", "no/deep/a.JPG", "c.tif")
        assert list_files([tmp_path]) == [
            FoundFile(0, Path("c.tif"), "", tmp_path / "c.tif"),
            FoundFile(0, Path("no/deep/a.JPG"), "deep", tmp_path / "no/deep/a.JPG"),
            FoundFile(0, Path("yes/b.png"), "yes", tmp_path / "yes/b.png"),
        ]

    def test_folders_keep_their_order(self, tmp_path):
        touch(tmp_path, "b/1.png", "a/2.png")
        found = list_files([tmp_path / "b", tmp_path / "a"])
        assert [(file.folder, file.path.name) for file in found] == [(0, "1.png"), (1, "2.png")]

    def test_what_is_no_image_is_left_out(self, tmp_path):
        touch(tmp_path, "a.png", "notes.txt", ".hidden.png", "folder.png/readme")
        os.mkfifo(tmp_path / "pipe.png")
        assert [file.path.name for file in list_files([tmp_path])] == ["a.png"]

    def test_links_to_folders_are_not_followed_but_listed_as_broken_ones_are(self, tmp_path):
        touch(tmp_path, "a.png")
        (tmp_path / "loop").symlink_to(tmp_path)
        (tmp_path / "gone.png").symlink_to(tmp_path / "nothing")
        (tmp_path / "self.png").symlink_to("self.png")
        names = [file.path.name for file in list_files([tmp_path])]
        assert names == ["a.png", "gone.png", "loop", "self.png"]

    def test_folder_without_images_is_refused_by_name(self, tmp_path):
        touch(tmp_path, "a/x.png", "b/notes.txt")
        with pytest.raises(InputError, match="b: no JPEG, PNG, BMP or TIFF images"):
            list_files([tmp_path / "a", tmp_path / "b"])
