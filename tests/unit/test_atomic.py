import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tumorscope.atomic import (
    borrow_folder,
    create_folder,
    remove_partial,
    replace_file,
    write_text,
)
from tumorscope.errors import InputError, TumorscopeError


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
        for replace in (replace_file, create_folder):
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


class TestCreateFolder:
    def test_new_folder_appears_only_when_the_block_ends(self, tmp_path):
        path = tmp_path / "new" / "run"
        with create_folder(path) as temporary:
            (temporary / "a.txt").write_text("whole")
            assert not path.exists()
        assert list_all(tmp_path) == ["new", "new/run", "new/run/a.txt"]

    def test_folder_is_readable_for_others(self, tmp_path):
        with create_folder(tmp_path / "run"):
            pass
        assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755

    def test_an_empty_folder_is_filled_and_any_other_stays(self, tmp_path):
        path = tmp_path / "run"
        path.mkdir()
        with create_folder(path) as temporary:
            (temporary / "new.txt").write_text("first")
        with (
            pytest.raises(InputError, match="run: cannot be written"),
            create_folder(path) as temporary,
        ):
            (temporary / "new.txt").write_text("second")
        assert list_all(tmp_path) == ["run", "run/new.txt"]
        assert (path / "new.txt").read_text() == "first"

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_nothing_changes_and_nothing_is_left_when_the_block_fails(self, tmp_path, error):
        path = tmp_path / "run"
        path.mkdir()
        (path / "old.txt").write_text("old")

        def fill_half() -> None:
            with create_folder(path) as temporary:
                (temporary / "half.txt").write_text("half")
                raise error

        with pytest.raises(error):
            fill_half()
        assert list_all(tmp_path) == ["run", "run/old.txt"]

    def test_nothing_is_left_when_the_target_is_a_file(self, tmp_path):
        (tmp_path / "run").write_text("a file")
        with pytest.raises(InputError, match="run"), create_folder(tmp_path / "run"):
            pass
        assert list_all(tmp_path) == ["run"]
        assert (tmp_path / "run").read_text() == "a file"


def test_write_text_writes_utf8_with_the_line_ends_given(tmp_path):
    write_text(tmp_path / "a.txt", "脑\nü\n")
    assert (tmp_path / "a.txt").read_bytes() == "脑\nü\n".encode()


class TestRemovePartial:
    def test_removes_what_a_killed_process_left_and_nothing_else(self, tmp_path):
        with create_folder(tmp_path / "run" / "model") as model:
            with replace_file(model / "a.txt") as file:
                file.write_text("half")
                (model / "kept.txt").write_text("half")
                leftover = tmp_path / "run" / "checkpoints" / file.name
                leftover.parent.mkdir()
                leftover.write_text("half")
            killed = tmp_path / "run" / (model.parent.name + "-killed")
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
        with borrow_folder(tmp_path / "run") as folder:
            (folder / "model.bin").write_text("weights")
            raise KeyError

    with pytest.raises(KeyError):
        use()
    with borrow_folder(tmp_path / "run") as folder:
        assert list_all(folder) == []
        assert [path.name for path in tmp_path.iterdir()] == [folder.parent.name]
    assert list_all(tmp_path) == []


class TestKilled:
    """What a killed command leaves beside its result, and what the next one makes of it."""

    @pytest.fixture
    def start(self, tmp_path):
        """Start a process that borrows a folder beside a result, and has put a picture there."""
        program = (
            "import sys, pathlib, time\n"
            "from tumorscope.atomic import borrow_folder\n"
            "with borrow_folder(pathlib.Path(sys.argv[1])) as folder:\n"
            "    (folder / 'slice.png').write_text('a patient')\n"
            "    print(folder.parent, flush=True)\n"
            "    time.sleep(60)\n"
        )
        started = []

        def start_one(name: str) -> tuple[subprocess.Popen[str], Path]:
            command = [sys.executable, "-c", program, str(tmp_path / name)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            started.append(process)
            return process, Path(process.stdout.readline().strip())

        yield start_one
        for process in started:
            process.kill()
            process.wait()
            process.stdout.close()

    @pytest.mark.parametrize("replace", [borrow_folder, create_folder])
    def test_the_next_one_of_the_same_result_removes_it(self, tmp_path, start, replace):
        killed, leftover = start("audit")
        _, running = start("audit")
        other, of_another = start("audit-b")
        for process in (killed, other):
            process.kill()
            process.wait()
        for name in (".partial-audit-notes", ".partial-audit-abcdefgh"):  # who knows whose
            (tmp_path / name).mkdir()
        (tmp_path / ".partial-audit-linked_1").symlink_to(of_another)
        with replace(tmp_path / "audit"):
            assert not leftover.exists()
            assert (running / "content" / "slice.png").exists()
            assert (of_another / "content" / "slice.png").exists()
        names = {path.name for path in tmp_path.iterdir()}
        assert names >= {".partial-audit-notes", ".partial-audit-abcdefgh"}

    def test_a_run_is_rid_of_it_but_not_of_what_is_in_use(self, tmp_path, start):
        killed, _ = start("run/audit")
        _, running = start("run/evaluation")
        killed.kill()
        killed.wait()
        remove_partial(tmp_path / "run")
        assert list_all(tmp_path / "run") == sorted(
            f"{running.name}{below}" for below in ("", "/content", "/content/slice.png", "/held")
        )


_FILL = """
import resource, sys
from pathlib import Path
from tumorscope import atomic

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # as a full disk: a write comes to an end
with getattr(atomic, sys.argv[1])(Path(sys.argv[2])) as temporary:
    target = temporary if sys.argv[1] == "replace_file" else temporary / "a.txt"
    target.write_text("x" * 5000)
"""


class TestFullDisk:
    @pytest.mark.parametrize("how", ["replace_file", "create_folder", "borrow_folder"])
    def test_it_is_said_what_could_not_be_written_and_nothing_is_left(self, tmp_path, how):
        command = [sys.executable, "-c", _FILL, how, str(tmp_path / "result")]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
        last = outcome.stderr.splitlines()[-1]
        assert last.startswith(f"tumorscope.errors.TumorscopeError: {tmp_path / 'result'}: cannot ")
        assert last.endswith("make room, and start again")
        assert list_all(tmp_path) == []

    @pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
    def test_so_it_is_where_a_file_in_a_folder_is_replaced(self, tmp_path, code):
        with (
            pytest.raises(TumorscopeError, match=r"/b\.txt: cannot be written: .*; make room"),
            create_folder(tmp_path / "a") as folder,
            replace_file(folder / "b.txt"),
        ):
            raise OSError(code, os.strerror(code))

    def test_another_error_stays_what_it_is(self, tmp_path):
        with pytest.raises(PermissionError), replace_file(tmp_path / "a.txt"):
            raise PermissionError(errno.EACCES, "no", "other.txt")
