import os
from pathlib import Path

import pytest

from tumorscope.atomic import (
    borrow_folder,
    remove_partial,
    replace_file,
    replace_folder,
    write_text,
)
from tumorscope.errors import InputError


def list_all(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


class TestReplaceFile:
    def test_new_file_appears_only_when_the_block_ends(self, tmp_path):
        path = tmp_path / "new" / "folder" / "a.png"
        with replace_file(path) as temporary:
            temporary.write_text("whole")
            assert not path.exists()
            assert temporary.suffix == ".png"
            assert temporary.parent == path.parent
        assert path.read_text() == "whole"
        assert list_all(path.parent) == ["a.png"]

    def test_old_file_is_replaced(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")
        with replace_file(path) as temporary:
            temporary.write_text("new")
            assert path.read_text() == "old"
        assert path.read_text() == "new"

    def test_what_a_link_points_to_is_replaced_and_the_link_stays(self, tmp_path):
        path, link = tmp_path / "a.txt", tmp_path / "link.txt"
        path.write_text("old")
        link.symlink_to(path)
        write_text(link, "new")
        assert link.is_symlink()
        assert path.read_text() == "new"

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("kept")
        path = tmp_path / "file" / "below"
        for replace in (replace_file, replace_folder):
            with (
                pytest.raises(InputError, match=f"{path}: cannot be written: on the way"),
                replace(path),
            ):
                pytest.fail("nothing to write to")
        assert list_all(tmp_path) == ["file"]

    def test_a_pipe_is_refused_and_stays(self, tmp_path):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(InputError, match="not a file that can be replaced"):
            write_text(pipe, "text")
        assert pipe.is_fifo()

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_nothing_changes_and_nothing_is_left_when_the_block_fails(self, tmp_path, error):
        path = tmp_path / "a.txt"
        path.write_text("old")

        def write_half() -> None:
            with replace_file(path) as temporary:
                temporary.write_text("half")
                raise error

        with pytest.raises(error):
            write_half()
        assert path.read_text() == "old"
        assert list_all(tmp_path) == ["a.txt"]

    def test_nothing_is_left_when_the_target_is_a_folder(self, tmp_path):
        (tmp_path / "a").mkdir()
        with pytest.raises(InputError, match="a: not a file"):
            write_text(tmp_path / "a", "new")
        assert list_all(tmp_path) == ["a"]

    def test_block_that_writes_nothing_is_an_error_and_keeps_the_old_file(self, tmp_path):
        path = tmp_path / "a.txt"
        path.write_text("old")
        with pytest.raises(FileNotFoundError), replace_file(path):
            pass
        assert path.read_text() == "old"

    def test_longest_possible_name_is_written(self, tmp_path):
        path = tmp_path / ("x" * 251 + ".txt")
        write_text(path, "whole")
        assert path.read_text() == "whole"


class TestReplaceFolder:
    def test_new_folder_appears_only_when_the_block_ends(self, tmp_path):
        path = tmp_path / "new" / "run"
        with replace_folder(path) as temporary:
            (temporary / "a.txt").write_text("whole")
            assert not path.exists()
        assert list_all(tmp_path) == ["new", "new/run", "new/run/a.txt"]

    def test_folder_is_readable_for_others(self, tmp_path):
        with replace_folder(tmp_path / "run"):
            pass
        assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755

    def test_old_folder_is_replaced_as_a_whole(self, tmp_path):
        path = tmp_path / "run"
        (path / "sub").mkdir(parents=True)
        (path / "sub" / "old.txt").write_text("old")
        with replace_folder(path) as temporary:
            (temporary / "new.txt").write_text("new")
            assert (path / "sub" / "old.txt").exists()
        assert list_all(tmp_path) == ["run", "run/new.txt"]

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_nothing_changes_and_nothing_is_left_when_the_block_fails(self, tmp_path, error):
        path = tmp_path / "run"
        path.mkdir()
        (path / "old.txt").write_text("old")

        def fill_half() -> None:
            with replace_folder(path) as temporary:
                (temporary / "half.txt").write_text("half")
                raise error

        with pytest.raises(error):
            fill_half()
        assert list_all(tmp_path) == ["run", "run/old.txt"]

    def test_nothing_is_left_when_the_target_is_a_file(self, tmp_path):
        (tmp_path / "run").write_text("a file")
        with pytest.raises(OSError, match="run"), replace_folder(tmp_path / "run"):
            pass
        assert list_all(tmp_path) == ["run"]
        assert (tmp_path / "run").read_text() == "a file"


def test_write_text_writes_utf8_with_the_line_ends_given(tmp_path):
    write_text(tmp_path / "a.txt", "脑\nü\n")
    assert (tmp_path / "a.txt").read_bytes() == "脑\nü\n".encode()


class TestRemovePartial:
    def test_removes_what_a_killed_process_left_and_nothing_else(self, tmp_path):
        with replace_folder(tmp_path / "run" / "model") as model:
            with replace_file(model / "a.txt") as file:
                file.write_text("half")
                (model / "kept.txt").write_text("half")
                leftover = tmp_path / "run" / "checkpoints" / file.name
                leftover.parent.mkdir()
                leftover.write_text("half")
            killed = tmp_path / "run" / (model.name + "-killed")
            killed.mkdir()
            (killed / file.name).write_text("half")
        (tmp_path / "run" / "partial-notes.txt").write_text("mine")
        remove_partial(tmp_path / "run")
        assert list_all(tmp_path / "run") == [
            "checkpoints",
            "model",
            "model/a.txt",
            "model/kept.txt",
            "partial-notes.txt",
        ]

    def test_missing_folder_is_fine_and_is_not_made(self, tmp_path):
        remove_partial(tmp_path / "gone")
        assert list_all(tmp_path) == []


def test_borrowed_folder_is_gone_when_the_block_ends_or_fails(tmp_path):
    def use() -> None:
        with borrow_folder(tmp_path) as folder:
            (folder / "model.bin").write_text("weights")
            raise KeyError

    with pytest.raises(KeyError):
        use()
    with borrow_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert list_all(tmp_path) == [folder.name]
    assert list_all(tmp_path) == []


def test_borrowed_folder_of_a_killed_process_is_removed(tmp_path):
    with borrow_folder(tmp_path):
        remove_partial(tmp_path)
        assert list_all(tmp_path) == []
