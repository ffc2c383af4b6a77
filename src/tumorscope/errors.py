"""The errors a user can meet. Each message says what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class TumorscopeError(Exception):
    """Base of every error that Tumorscope raises on purpose; the command line prints it."""


class InputError(TumorscopeError, ValueError):
    """A file, folder or argument given by the user cannot be used."""


class RecipeError(InputError):
    """A recipe, or an override of one of its settings, is not valid."""


class ArtifactError(InputError):
    """A model artifact is incomplete, damaged or of another format version."""


class MissingExtraError(TumorscopeError, ImportError):
    """A feature needs an optional part of the installation.

    Parameters
    ----------
    feature
        What the user asked for, as the subject of a sentence.
    extra
        The optional dependency group that provides it.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the optional part '{extra}'; in a copy of the source: "
            f"pip install '.[{extra}]'"
        )


class Alarm(UserWarning):
    """A result looks right and is not; the command line prints it in red, after all else."""


def suggest(given: str, valid: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the valid name nearest to the given one, or nothing.

    >>> suggest("epoch", ["epochs", "batch_size"])
    " (did you mean 'epochs'?)"
    """
    nearest = get_close_matches(given, list(valid), n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""
