"""Run `tumorscope` in a process of its own, and kill it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence


def start_command(*arguments: object, settings: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a command of the command line, with settings of its recipe."""
    given = [*map(str, arguments), *(part for one in settings for part in ("--set", one))]
    return subprocess.Popen([sys.executable, "-m", "tumorscope", *given, "--quiet"])


def kill_once(process: subprocess.Popen[bytes], is_time: Callable[[], bool]) -> None:
    """Wait until it is time, and give the process no time to tidy up."""
    deadline = time.monotonic() + 300
    while not is_time():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
