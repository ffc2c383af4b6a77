"""Whatever a reader raises on a damaged or hostile file becomes an error for the user."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tumorscope.errors import InputError

# From the first quotation mark, which no apostrophe is, to the last one.
_QUOTED = re.compile(r"""(?s)(?<![A-Za-z]{2})(['"]).*\1""")
_MOST_CHARACTERS = 120


@contextmanager
def refusing(kind: str) -> Iterator[None]:
    """Raise InputError for anything that the block raises; it does not name the file.

    Parameters
    ----------
    kind
        What the file should have been, for the message.
    """
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        if error.strerror is None:
            raise InputError(f"not a readable {kind} ({_explain(error)})") from error
        raise InputError(f"cannot be read: {error.strerror}") from error
    except Exception as error:
        raise InputError(
            f"not a readable {kind} ({_explain(error)}); replace or remove the file"
        ) from error


def _explain(error: Exception) -> str:
    """Say what a reader found wrong, but nothing it quotes: that may name a patient."""
    text = _QUOTED.sub("'\N{HORIZONTAL ELLIPSIS}'", str(error))
    return (text.splitlines() or [""])[0][:_MOST_CHARACTERS] or type(error).__name__


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of a file before every InputError that the block raises."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
