"""Keep the warnings of decoders to themselves."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock

_DECODERS = r"(PIL|pydicom|pylibjpeg|openjpeg|libjpeg)(\.|$)"


class _Silence:
    """The filters of warnings belong to the whole process, while files are read in threads.

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

    def leave(self) -> None:
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                self._changed.close()


_silence = _Silence()


@contextmanager
def quiet() -> Iterator[None]:
    """Show no warning of a decoder: it may quote what the file holds, and names no file."""
    _silence.enter()
    try:
        yield
    finally:
        _silence.leave()
