"""Run commands of `tumorscope` that train, each in a process of its own, and kill them."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import small_backbone
from tumorscope.cli.main import main
from tumorscope.workflows.crossval import processes

# Trainings are forked from one process that has loaded TensorFlow, which takes seconds.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tumorscope.model.export", "tumorscope.training.trainer"])


def start_training(*arguments: object, settings: Sequence[str]) -> BaseProcess:
    """Start ``train`` with the small backbone, and with settings of its recipe."""
    return _start(_FORKS, "train", *arguments, settings=settings)


def start_crossval(*arguments: object, settings: Sequence[str]) -> BaseProcess:
    """Start ``crossval``, whose folds know the small backbone, with settings of its recipe."""
    return _start(multiprocessing.get_context("spawn"), "crossval", *arguments, settings=settings)


def _start(context: BaseContext, *arguments: object, settings: Sequence[str]) -> BaseProcess:
    given = [*map(str, arguments), *(part for one in settings for part in ("--set", one))]
    process = context.Process(target=_run, args=([*given, "--quiet"],))
    process.start()
    return process


def _run(arguments: list[str]) -> None:
    if arguments[0] == "train":
        small_backbone.add_small_backbone()
    processes._COMMAND = (sys.executable, "-P", "-m", "small_backbone")
    os.environ["PYTHONPATH"] = str(Path(small_backbone.__file__).parent)
    sys.argv = ["tumorscope", *arguments]
    main()


def await_end(process: BaseProcess) -> int | None:
    """Wait for a command to end, and return its exit code."""
    process.join()
    return process.exitcode


def kill_once(process: BaseProcess, is_time: Callable[[], bool]) -> None:
    """Wait until it is time, and give the process no time to tidy up."""
    deadline = time.monotonic() + 300
    while not is_time():
        assert process.is_alive(), "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.join()
