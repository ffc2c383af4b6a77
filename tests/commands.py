"""Run `tumorscope` in a process of its own, and kill it."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from small_backbone import COMMAND


def start_command(*arguments: object, settings: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a command that knows the small backbone, with settings of its recipe."""
    given = [*map(str, arguments), *(part for one in settings for part in ("--set", one))]
    return subprocess.Popen(
        [*COMMAND, "tumorscope", *given, "--quiet"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )


def kill_once(process: subprocess.Popen[bytes], is_time: Callable[[], bool]) -> None:
    """Wait until it is time, and give the process no time to tidy up."""
    deadline = time.monotonic() + 300
    while not is_time():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
