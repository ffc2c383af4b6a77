"""The errors a user can meet. Each message says what is wrong, where, and what to do."""


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
            f"{feature} needs the optional part '{extra}': pip install 'tumorscope[{extra}]'"
        )
