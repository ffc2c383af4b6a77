import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from scan_files import make_nifti
from tumorscope.workflows.predict.command import predict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")

MANY = 2 * 4 * 32
# A process of its own, as this one has threads, and may have more than two cores or fewer.
SCRIPT = """
import json, multiprocessing, os, signal, sys
from tumorscope.workflows.predict import processes as module
from tumorscope.workflows.predict.command import predict

module.count_cores = lambda: 2
scans, model, out, options, first = json.loads(sys.argv[1])
rows, unreadable, processes = [], [], set()

def collect(answer):
    children = multiprocessing.active_children()
    if not rows and first == "kill a process":
        os.kill(children[0].pid, signal.SIGKILL)
    if not rows and first == "kill this":
        print([child.pid for child in children], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    processes.update(child.pid for child in children)
    rows.append(answer[:6])

predict(
    scans, out, model, **options, processes=2,
    on_answer=collect, on_unreadable=lambda one: unreadable.append(str(one)),
)
print(json.dumps([rows, unreadable, len(processes)]))
"""


@pytest.fixture
def slices(write_slice, tmp_path):
    """A folder of as many slices, and one that is none, as two processes are begun for."""
    folder = tmp_path / "slices"
    for number in range(MANY - 1):
        write_slice(folder / f"{number:04d}.png", 20 + number % 200)
    (folder / "0100-bad.png").write_bytes(b"no image")
    return folder


def run(scans, model, out=None, first=None, **options) -> subprocess.CompletedProcess[str]:
    given = [str(scans), str(model), out and str(out), options, first]
    command = [sys.executable, "-c", SCRIPT, json.dumps(given)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def collect(process: subprocess.CompletedProcess[str]) -> tuple[list[tuple], list[str], int]:
    """Give rows, what was unreadable, and how many processes there were."""
    assert process.returncode == 0, process.stderr
    rows, unreadable, processes = json.loads(process.stdout)
    return list(map(tuple, rows)), unreadable, processes


def has_ended(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def wait_for(condition) -> bool:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


class TestManyPictures:
    @pytest.mark.slow
    def test_rows_and_pictures_are_those_of_threads(
        self, tiny_artifact, slices, write_slice, tmp_path
    ):
        volume = np.random.default_rng(0).uniform(0, 1, (40, 36, 33)).astype(np.float32)
        (slices / "1000.nii").write_bytes(make_nifti(volume))
        for number in range(2000, 2040):
            write_slice(slices / f"{number}.png", number - 1900)
        expected, rejected = [], []
        predict(
            slices,
            tmp_path / "expected.csv",
            tiny_artifact,
            tmp_path / "expected",
            on_answer=lambda answer: expected.append(tuple(answer[:6])),
            on_unreadable=lambda one: rejected.append(str(one)),
        )
        process = run(
            slices, tiny_artifact, tmp_path / "table.csv", overlays=str(tmp_path / "pictures")
        )
        rows, unreadable, processes = collect(process)
        assert processes == 2
        assert rows == expected
        assert len(rows) == MANY - 1 + 33 + 1 + 40
        assert unreadable == rejected
        assert len(unreadable) == 1
        for made, wanted in (("table.csv", "expected.csv"), ("pictures", "expected")):
            read = [read_all(tmp_path / name) for name in (made, wanted)]
            assert read[0] == read[1]

    @pytest.mark.slow
    def test_so_are_those_of_an_archive(self, tiny_artifact, slices, tmp_path):
        archive = shutil.make_archive(str(tmp_path / "slices"), "zip", slices)
        rows, _, processes = collect(run(archive, tiny_artifact))
        expected, _, _ = collect(run(slices, tiny_artifact))
        assert processes == 2
        assert [row[3:] for row in rows] == [row[3:] for row in expected]

    @pytest.mark.slow
    def test_unknown_operating_point_is_named(self, tiny_artifact, slices):
        process = run(slices, tiny_artifact, operating_point="best")
        assert (
            "InputError: the model has no operating point 'best'" in process.stderr.splitlines()[-1]
        )

    @pytest.mark.slow
    def test_a_process_that_is_killed_is_told_and_the_old_table_stays(
        self, tiny_artifact, slices, tmp_path
    ):
        out = tmp_path / "results" / "answers.csv"
        out.parent.mkdir()
        out.write_text("path,series,slice,verdict\n")
        process = run(slices, tiny_artifact, out, first="kill a process")
        assert "TumorscopeError: a process ended before" in process.stderr.splitlines()[-1]
        assert out.read_text() == "path,series,slice,verdict\n"
        assert list(out.parent.iterdir()) == [out]

    @pytest.mark.slow
    def test_they_end_when_the_one_that_began_them_is_killed(self, tiny_artifact, slices):
        process = run(slices, tiny_artifact, first="kill this")
        assert process.returncode == -signal.SIGKILL
        children = json.loads(process.stdout)
        assert len(children) == 2
        assert wait_for(lambda: all(map(has_ended, children)))


def read_all(path: Path) -> dict[str, bytes]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {file.name if path.is_dir() else "": file.read_bytes() for file in files}


class TestOthers:
    @pytest.mark.slow
    def test_one_picture_fewer_is_answered_in_threads(self, tiny_artifact, slices):
        (slices / "0007.png").unlink()
        rows, _, processes = collect(run(slices, tiny_artifact))
        assert len(rows) == MANY - 2
        assert processes == 0

    @pytest.mark.slow
    def test_so_are_all_where_a_volume_is_among_the_first(self, tiny_artifact, slices):
        volume = np.random.default_rng(0).uniform(0, 1, (40, 36, 33)).astype(np.float32)
        (slices / "0000.nii").write_bytes(make_nifti(volume))
        rows, _, processes = collect(run(slices, tiny_artifact))
        assert len(rows) == MANY - 1 + 34
        assert processes == 0


@pytest.mark.slow
def test_breaking_off_leaves_no_process_and_no_table(tiny_artifact, slices, tmp_path):
    command = [sys.executable, "-m", "tumorscope", "predict", *[str(slices)] * 100]
    command += ["--model", str(tiny_artifact), "--out", str(tmp_path / "answers.csv")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert wait_for(lambda: list(tmp_path.glob(".partial-*")))
    time.sleep(0.5)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "Traceback" not in output
    assert list(tmp_path.iterdir()) == [slices]
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
