"""Keep to themselves what decoders warn of."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

_NOTHING = logging.Filter("the name of no logger")
_DECODERS = r"(PIL|pydicom|pylibjpeg|openjpeg|libjpeg)(\.|$)"


class _Silence:
    """Warnings and logs are filtered for the whole process, while files are read in threads.

    So the first thread that reads changes the filters, and the last one changes them back.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._readers = 0
        self._changed = ExitStack()

    def enter(self) -> None:
        with self._lock:
            self._readers += 1
            if self._readers == 1:
                self._changed.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=_DECODERS)
                logging.getLogger("pydicom").addFilter(_NOTHING)

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                logging.getLogger("pydicom").removeFilter(_NOTHING)
                self._changed.close()


_silence = _Silence()


@contextmanager
def quiet() -> Iterator[None]:
    """Show and log no warning of a decoder: it may quote what a file holds, and names no file."""
    _silence.enter()
    try:
        yield
    finally:
        _silence.leave()
