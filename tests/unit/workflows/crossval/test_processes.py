"""The processes, with programs of a few lines in the place of trainings."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tumorscope.errors import InputError, TumorscopeError
from tumorscope.workflows.crossval import processes
from tumorscope.workflows.crossval.fold import find_fold_folder
from tumorscope.workflows.crossval.processes import FoldProcesses

PRELUDE = """
import os, sys, time
from pathlib import Path
cv, repeat, fold = Path(sys.argv[1]), *map(int, sys.argv[2:])
folder = cv / "folds" / f"repeat-{repeat}-fold-{fold}"
def report(done, total):
    print("progress", done, total, flush=True)
def finish():
    (folder / "predictions.csv").write_text("done")
"""


@pytest.fixture
def put(monkeypatch):
    """Put a program in the place of the training of a fold."""

    def put(program: str) -> None:
        command = (sys.executable, "-c", PRELUDE + program)
        monkeypatch.setattr(processes, "_COMMAND", command)

    return put


def ignore_steps(done: int, total: int) -> None:
    pass


def list_parts(cv: Path) -> list[str]:
    return sorted(path.parent.name for path in cv.glob("folds/*/predictions.csv"))


def test_folds_are_trained_and_their_checkpoints_deleted(put, tmp_path):
    put("(folder / 'checkpoints').mkdir(); report(1, 4); print('noise'); print(); finish()")
    seen = []
    FoldProcesses(tmp_path, 2, lambda *step: seen.append(step)).train([(0, 0), (0, 1), (1, 0)])
    assert list_parts(tmp_path) == ["repeat-0-fold-0", "repeat-0-fold-1", "repeat-1-fold-0"]
    assert not list(tmp_path.rglob("checkpoints"))
    assert seen == sorted(seen)
    assert seen[-1] == (100, 100)
    assert len(seen) == 6


def test_finished_fold_is_not_trained_again_and_loses_left_checkpoints(put, tmp_path):
    put("raise RuntimeError")
    (find_fold_folder(tmp_path, 0, 0) / "checkpoints").mkdir(parents=True)
    (find_fold_folder(tmp_path, 0, 0) / "predictions.csv").write_text("done")
    FoldProcesses(tmp_path, 1, ignore_steps).train([(0, 0)])
    assert not list(tmp_path.rglob("checkpoints"))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_as_many_run_at_a_time_as_asked(put, tmp_path, jobs):
    put("(folder / 'start').write_text(str(time.time())); time.sleep(0.3);"
        "(folder / 'end').write_text(str(time.time())); finish()")  # fmt: skip
    FoldProcesses(tmp_path, jobs, ignore_steps).train([(0, 0), (0, 1), (0, 2)])
    starts, ends = (
        [float(path.read_text()) for path in tmp_path.rglob(name)] for name in ("start", "end")
    )
    at_a_time = [sum(start <= moment for start in starts) - sum(end < moment for end in ends)
                 for moment in starts]  # fmt: skip
    assert max(at_a_time) == jobs


def test_processes_share_the_cores(put, tmp_path, monkeypatch):
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 7)
    put("(folder / 'limit').write_text(os.environ['TF_NUM_INTRAOP_THREADS']); finish()")
    FoldProcesses(tmp_path, 3, ignore_steps).train([(0, 0)])
    assert (find_fold_folder(tmp_path, 0, 0) / "limit").read_text() == "2"


@pytest.mark.slow
def test_failure_is_told_by_the_last_line_of_the_log_and_stops_the_others(put, tmp_path):
    put("""
if fold == 0:
    finish()
elif fold == 1:
    report(1, 2)
    time.sleep(0.5)
    sys.exit("gone.pth: no such weights file")
else:
    (folder / "started").touch()
    time.sleep(60)
    finish()
""")
    started = time.monotonic()
    with pytest.raises(TumorscopeError, match=r"fold 1 in repeat 0 failed: gone\.pth.*--resume"):
        FoldProcesses(tmp_path, 2, ignore_steps).train([(0, n) for n in range(5)])
    assert time.monotonic() - started < 30
    assert list_parts(tmp_path) == ["repeat-0-fold-0"]
    assert not (find_fold_folder(tmp_path, 0, 4) / "started").exists()


def test_an_error_of_the_input_stays_one(put, tmp_path):
    put("""
sys.stderr.write("1.png: gone since the run was started\\n")
sys.exit(2)
""")
    with pytest.raises(InputError, match=r"failed: 1\.png: gone.*go on with --resume"):
        FoldProcesses(tmp_path, 1, ignore_steps).train([(0, 0)])


def test_killed_process_is_said_to_be_killed(put, tmp_path):
    put("os.kill(os.getpid(), 9)")
    with pytest.raises(TumorscopeError, match="killed by signal 9, perhaps for want of memory"):
        FoldProcesses(tmp_path, 1, ignore_steps).train([(0, 0)])


@pytest.mark.slow
def test_error_on_purpose_is_the_last_line_of_the_log(tmp_path):
    with pytest.raises(TumorscopeError, match=r"failed: no recipe '.*recipe\.yaml'.*--resume"):
        FoldProcesses(tmp_path, 1, ignore_steps).train([(0, 0)])


@pytest.mark.slow
def test_fold_does_not_outlive_the_command_it_belongs_to(tmp_path):
    program = """
import sys, time
from tumorscope.workflows.crossval import fold
def train_fold(cv, repeat, number, on_progress):
    for step in range(1000):
        on_progress(step, 1000)
        time.sleep(0.02)
fold.train_fold = train_fold
sys.argv = ["fold", ".", "0", "0"]
fold.main()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline() == b"progress 0 1000\n"
    process.stdout.close()
    assert process.wait(timeout=15) != 0
    process.stderr.close()
