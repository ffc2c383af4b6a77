"""Answer for many pictures in several processes, one for each core.

Threads of one process wait for each other and push each other's data out of the cache. A process
that has one core, and in turn reads a burst of pictures and infers them, does neither.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from itertools import chain, groupby, islice
from threading import Thread

import cv2
from threadpoolctl import threadpool_limits

from tumorscope.errors import TumorscopeError
from tumorscope.inference.ahead import divide, map_ahead
from tumorscope.inference.engine import count_cores
from tumorscope.inference.predictor import BURST, Predictor
from tumorscope.scans.scan import Scan, Unreadable
from tumorscope.scans.turns import share_turns
from tumorscope.workflows.predict.answers import Answer, Answering

Numbered = tuple[int, Scan | Unreadable]

_FEWEST_BURSTS = 4  # for each process; with fewer, one might end long before the others
_BURSTS_AHEAD = 4


def answer_in_processes(
    scans: Iterable[Scan | Unreadable], answering: Answering, processes: int
) -> Generator[Answer | Unreadable]:
    """Answer for scans in their order; for many single pictures in several processes.

    Series and volumes are answered in this one, in threads. So is everything where the first scans
    are not single pictures, or are few, and on other systems than Linux.

    Parameters
    ----------
    scans
        As `find_scans` gives them.
    answering
        How they are answered.
    processes
        At most so many. They are forked: no other thread of this process should hold a lock then.

    Raises
    ------
    TumorscopeError
        A process ended before its work was done.
    """
    processes = min(processes, count_cores()) if _can_fork() else 1
    fewest = _FEWEST_BURSTS * BURST * processes
    remaining = iter(scans)
    first = list(islice(remaining, fewest)) if processes > 1 else []
    found = chain(first, remaining)
    if len(first) < fewest or not all(map(_is_portable, first)):
        yield from answering.answer(found, answering.load())
        return
    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(processes, fork, _start, (fork.Lock(),)) as pool:
            yield from _divide_work(found, answering, pool, _BURSTS_AHEAD * processes)
    except BrokenProcessPool as error:
        raise TumorscopeError(
            "a process ended before it had answered for its pictures, as happens when there is no "
            "memory left; free some, and begin again"
        ) from error


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Keep OpenCV to one thread: slices go side by side, and its own would be in their way."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _can_fork() -> bool:
    if sys.platform != "linux":
        return False
    try:
        multiprocessing.get_context("fork").Lock()
    except OSError:  # some containers have no shared memory
        return False
    return True


def _is_portable(scan: Scan | Unreadable) -> bool:
    return isinstance(scan, Unreadable) or scan.is_portable


def _divide_work(
    scans: Iterable[Scan | Unreadable], answering: Answering, pool: Executor, ahead: int
) -> Iterator[Answer | Unreadable]:
    load_here = cache(answering.load)
    numbered = enumerate(scans, start=1)
    for is_portable, run in groupby(numbered, key=lambda scan: _is_portable(scan[1])):
        if is_portable:
            answer = partial(_answer_burst, answering)
            yield from chain.from_iterable(map_ahead(answer, divide(run, BURST), pool, ahead))
        else:
            number, scan = next(run)
            others = chain([scan], (scan for _, scan in run))
            yield from answering.answer(others, load_here(), number)


def _answer_burst(answering: Answering, burst: list[Numbered]) -> list[Answer | Unreadable]:
    number, _ = burst[0]
    scans = [scan for _, scan in burst]
    return list(answering.answer(scans, _load_once(answering), number))


@cache
def _load_once(answering: Answering) -> Predictor:
    return answering.load(cores=1)


def _start(turns: AbstractContextManager[bool]) -> None:
    """Prepare a process: one core, turns with the others, and an end when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers to it, and ends this one
    Thread(target=_end_with_parent, daemon=True).start()
    threadpool_limits(1)
    cv2.setNumThreads(1)
    share_turns(turns)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
