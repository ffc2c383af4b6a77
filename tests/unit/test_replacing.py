import json
import os
import shutil
from pathlib import Path

import pytest

from tumorscope.errors import InputError
from tumorscope.replacing import MARKER, check_apart, check_replaceable, replace_folder


def list_all(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def write(path: Path, text: str = "first", command: str = "evaluate") -> Path:
    with replace_folder(path, command) as folder:
        (folder / "sub").mkdir()
        (folder / "metrics.json").write_text(text)
        (folder / "sub" / "figure.png").write_text(text)
    return path


@pytest.fixture
def result(tmp_path) -> Path:
    return write(tmp_path / "result")


class TestReplaceFolder:
    def test_new_folder_appears_only_when_the_block_ends(self, tmp_path):
        path = tmp_path / "new" / "result"
        with replace_folder(path, "evaluate") as temporary:
            (temporary / "a.txt").write_text("whole")
            assert not path.exists()
        assert list_all(tmp_path) == [
            "new",
            "new/result",
            f"new/result/{MARKER}",
            "new/result/a.txt",
        ]

    def test_folder_is_readable_for_others(self, result):
        assert result.stat().st_mode & 0o777 == 0o755

    def test_the_marker_names_the_command_and_every_file(self, result):
        marker = json.loads((result / MARKER).read_text())
        assert marker["command"] == "evaluate"
        assert sorted(marker["files"]) == ["metrics.json", "sub/figure.png"]

    def test_an_earlier_result_is_replaced_as_a_whole(self, result, tmp_path):
        (result / "metrics.json").unlink()  # what is gone is nobody's loss
        with replace_folder(result, "evaluate") as temporary:
            (temporary / "new.txt").write_text("new")
            assert (result / "sub" / "figure.png").exists()
        assert list_all(tmp_path) == ["result", f"result/{MARKER}", "result/new.txt"]

    def test_a_copy_of_a_result_is_one_too(self, result, tmp_path):
        copy = shutil.copytree(result, tmp_path / "copy")
        write(copy, "second")
        assert (copy / "metrics.json").read_text() == "second"

    def test_an_empty_folder_is_replaced(self, tmp_path):
        (tmp_path / "result" / "empty").mkdir(parents=True)
        write(tmp_path / "result")
        assert "result/empty" not in list_all(tmp_path)

    def test_of_a_link_what_it_points_to_is_replaced(self, result, tmp_path):
        (tmp_path / "link").symlink_to(result)
        write(tmp_path / "link", "second")
        assert (tmp_path / "link").is_symlink()
        assert (result / "metrics.json").read_text() == "second"

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_nothing_changes_and_nothing_is_left_when_the_block_fails(self, result, error):
        before = list_all(result.parent)

        def fill_half() -> None:
            with replace_folder(result, "evaluate") as temporary:
                (temporary / "half.txt").write_text("half")
                raise error

        with pytest.raises(error):
            fill_half()
        assert list_all(result.parent) == before

    def test_the_old_one_comes_back_when_the_new_one_cannot_be_put_there(self, result, monkeypatch):
        before = list_all(result.parent)
        rename = Path.rename

        def fail_for_the_new_one(path, target):
            if path.name == "content":
                raise OSError("no")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", fail_for_the_new_one)
        with pytest.raises(OSError, match="no"):
            write(result, "second")
        assert list_all(result.parent) == before
        assert (result / "metrics.json").read_text() == "first"

    def test_the_old_one_is_there_under_some_name_at_every_moment(self, result, monkeypatch):
        rename, seen = Path.rename, []

        def look(path, target):
            seen.append([one.read_text() for one in result.parent.rglob("metrics.json")])
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", look)
        write(result, "second")
        assert all("first" in texts for texts in seen)
        assert len(seen) >= 2

    def test_what_comes_in_the_meantime_stays(self, result):
        with (
            pytest.raises(InputError, match=r"other files.*such as thesis\.tex"),
            replace_folder(result, "evaluate"),
        ):
            (result / "thesis.tex").write_text("precious")
        assert (result / "thesis.tex").read_text() == "precious"


class TestRefusals:
    def expect(self, folder: Path, message: str, command: str = "evaluate") -> None:
        before = list_all(folder.parent)
        with pytest.raises(InputError, match=message):
            check_replaceable(folder, command)
        with pytest.raises(InputError, match=message):
            write(folder, command=command)
        assert list_all(folder.parent) == before

    def test_a_folder_without_a_marker(self, tmp_path):
        """As a cross-validation is, or a run of an earlier version."""
        (tmp_path / "cv").mkdir()
        (tmp_path / "cv" / "metrics.json").write_text("{}")
        self.expect(tmp_path / "cv", r"cv: holds other files, or what an earlier version wrote")

    def test_what_another_command_wrote(self, tmp_path):
        write(tmp_path / "audit", command="audit")
        self.expect(tmp_path / "audit", "was written by tumorscope audit, not evaluate")

    @pytest.mark.parametrize(
        "name", ["notes.txt", "sub/notes.txt", "sub/.hidden", "other/notes.txt"]
    )
    def test_a_file_of_somebody_else_wherever_it_is(self, result, name):
        (result / name).parent.mkdir(exist_ok=True)
        (result / name).write_text("precious")
        self.expect(result, f"other files than tumorscope evaluate wrote, such as {name}")

    def test_a_file_that_was_changed_though_size_and_time_are_the_same(self, result):
        file = result / "metrics.json"
        times = file.stat().st_atime_ns, file.stat().st_mtime_ns
        file.write_text("mine!")
        os.utime(file, ns=times)
        self.expect(result, r"metrics\.json: changed since tumorscope evaluate wrote it")

    def test_links_even_in_the_place_of_a_file(self, result, tmp_path):
        (tmp_path / "slices").mkdir()
        (result / "slices").symlink_to(tmp_path / "slices")
        self.expect(result, "such as slices")
        (result / "slices").unlink()
        (result / "metrics.json").rename(tmp_path / "moved.json")
        (result / "metrics.json").symlink_to(tmp_path / "moved.json")
        self.expect(result, r"metrics\.json: changed")

    @pytest.mark.parametrize("text", ["", "[]", '{"command": "evaluate"}', "\x00"])
    def test_a_damaged_marker_says_nothing(self, result, text):
        (result / MARKER).write_text(text)
        self.expect(result, "holds other files")

    def test_a_file(self, tmp_path):
        (tmp_path / "result").write_text("a file")
        self.expect(tmp_path / "result", "result: a file; choose a new folder")


class TestCheckApart:
    @pytest.mark.parametrize(
        ("out", "relation"),
        [("data", "is"), ("data/yes/../../data", "is"), (".", "holds"), ("data/out", "lies in")],
    )
    def test_an_input_is_never_written_to(self, tmp_path, out, relation):
        (tmp_path / "data" / "yes").mkdir(parents=True)
        with pytest.raises(InputError, match=f"{relation} .*data, which is read; choose another"):
            check_apart(tmp_path / out, [tmp_path / "data"])

    def test_links_are_followed(self, result, tmp_path):
        (tmp_path / "link").symlink_to(result)
        with pytest.raises(InputError, match="which is read"):
            check_replaceable(tmp_path / "link", "evaluate", [result])

    def test_what_lies_beside_is_fine_and_what_is_no_path_as_well(self, tmp_path):
        (tmp_path / "data").mkdir()
        (tmp_path / "slices.csv").touch()
        check_apart(
            tmp_path / "database",
            [tmp_path / "data", tmp_path / "slices.csv", "kaggle:owner/name", "-"],
        )
