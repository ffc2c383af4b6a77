"""Decode only one large picture at a time, however many threads and processes there are."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock

_LARGE_PIXELS = 4_000_000
_locks: list[AbstractContextManager[bool]] = [Lock()]


@contextmanager
def taking_turns(number_of_pixels: int) -> Iterator[None]:
    """Wait until no other large picture is being decoded, if this one is large."""
    with _locks[-1] if number_of_pixels > _LARGE_PIXELS else nullcontext():
        yield


def share_turns(lock: AbstractContextManager[bool]) -> None:
    """Take turns with other processes, too, by a lock that is theirs as well."""
    _locks.append(lock)
