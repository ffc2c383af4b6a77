"""Whatever a reader raises on a damaged or hostile file becomes an error for the user."""

from collections.abc import Iterator
from contextlib import contextmanager

from tumorscope.data.readers import first_line
from tumorscope.errors import InputError


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
            raise InputError(f"not a readable {kind} ({first_line(error)})") from error
        raise InputError(f"cannot be read: {error.strerror}") from error
    except Exception as error:
        raise InputError(
            f"not a readable {kind} ({first_line(error)}); replace or remove the file"
        ) from error


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of a file before every InputError that the block raises."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
