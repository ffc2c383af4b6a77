"""Train the folds of a cross-validation, each in a process of its own, some at a time."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Lock

from tumorscope.errors import InputError, TumorscopeError
from tumorscope.workflows.crossval.fold import (
    BAD_INPUT,
    PREDICTIONS_FILE,
    PROGRESS,
    find_fold_folder,
)

# -P: a file of the user's in the working directory must not stand in for a library.
_COMMAND = (sys.executable, "-P", "-m", "tumorscope.workflows.crossval.fold")
_THREAD_LIMITS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


class FoldProcesses:
    """The processes that train the folds of one cross-validation.

    Parameters
    ----------
    cv
        Its folder.
    jobs
        How many run at a time; they share the cores.
    on_progress
        Called with the part of all trainings that is done, in percent, and 100.
    """

    def __init__(self, cv: Path, jobs: int, on_progress: Callable[[int, int], None]) -> None:
        self._cv = cv
        self._jobs = jobs
        self._on_progress = on_progress
        self._shares: dict[tuple[int, int], float] = {}
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = Lock()
        self._stopped = False

    def train(self, folds: Sequence[tuple[int, int]]) -> None:
        """Train the folds, given as (repeat, fold), that have no predictions yet.

        Raises
        ------
        TumorscopeError
            A training failed, as an `InputError` where slices or settings are the reason. The
            others are stopped; finished folds keep their results.
        """
        self._shares = dict.fromkeys(folds, 0.0)
        pool = ThreadPoolExecutor(self._jobs)
        try:
            for future in as_completed([pool.submit(self._train_fold, *fold) for fold in folds]):
                future.result()
        finally:
            self._stop()
            pool.shutdown(cancel_futures=True)

    def _train_fold(self, repeat: int, fold: int) -> None:
        folder = find_fold_folder(self._cv, repeat, fold)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / PREDICTIONS_FILE).exists():
            self._run(repeat, fold, folder / "log.txt")
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        self._report((repeat, fold), 1.0)

    def _run(self, repeat: int, fold: int, log: Path) -> None:
        """Run the process of a fold until it ends."""
        limit = str(max((os.cpu_count() or 1) // self._jobs, 1))
        with log.open("a", encoding="utf-8") as errors:
            process = subprocess.Popen(  # noqa: S603 - our own module and our own folder
                [*_COMMAND, str(self._cv.resolve()), str(repeat), str(fold)],
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
                errors="replace",
                env={**dict.fromkeys(_THREAD_LIMITS, limit), **os.environ},
            )
            with self._lock:
                self._running.add(process)
                if self._stopped:
                    process.kill()
            with process:
                for line in process.stdout or ():
                    if line.startswith(PROGRESS):
                        done, total = map(int, line.split()[1:])
                        self._report((repeat, fold), done / total)
        with self._lock:
            self._running.remove(process)
        if process.returncode:
            reason = _describe_end(process.returncode, log)
            kind = InputError if process.returncode == BAD_INPUT else TumorscopeError
            raise kind(
                f"the training of fold {fold} in repeat {repeat} failed: {reason} (see {log}); "
                "finished folds are kept, go on with --resume"
            )

    def _report(self, fold: tuple[int, int], share: float) -> None:
        with self._lock:
            self._shares[fold] = share
            self._on_progress(int(100 * sum(self._shares.values()) / len(self._shares)), 100)

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()


def _describe_end(code: int, log: Path) -> str:
    if code < 0:
        return f"it was killed by signal {-code}, perhaps for want of memory"
    lines = log.read_text("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
