"""Work ahead in threads, in order, and never further than a few items."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], pool: Executor, ahead: int
) -> Iterator[Result]:
    """Apply a function to items in the threads of a pool.

    Unlike `Executor.map` it takes items only as they are needed, so that endless ones will do.

    Parameters
    ----------
    function
        Called in the threads.
    items
        Taken in the caller's thread, at most `ahead` more than results have been given.
    pool
        Whose threads do the work.
    ahead
        At least 1.

    Yields
    ------
    object
        The results, in the order of the items.
    """
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def divide(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Divide items into lists of a size, the last of them perhaps shorter.

    >>> list(divide("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part
