"""The memory of a process and of those that it began, what they share counted once (Linux)."""

import re
import subprocess
import time
from pathlib import Path

INTERVAL_S = 0.05


def watch_memory(process: subprocess.Popen[bytes]) -> float:
    """Wait for a process to end; give the peak of its family's memory, MB.

    To look takes the processor some milliseconds: what is watched should not be timed as well.
    """
    peak = 0
    while process.poll() is None:
        peak = max(peak, sum(map(read_proportional_set, list_family(process.pid))))
        time.sleep(INTERVAL_S)
    return peak / 1024


def list_family(pid: int) -> list[int]:
    """List a process and all below it."""
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has ended meanwhile
        return []
    children = [int(child) for text in texts for child in text.split()]
    return [pid, *(member for child in children for member in list_family(child))]


def read_proportional_set(pid: int) -> int:
    """Read the memory of a process, kB; of what others share with it, its part."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
