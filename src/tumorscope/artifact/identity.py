"""Which model an answer is from."""

from pathlib import Path
from typing import NamedTuple

from tumorscope import __version__
from tumorscope.artifact.spec import SPEC_FILE
from tumorscope.checksum import compute_sha256

_FINGERPRINT_DIGITS = 12
_RUN_FILE = "recipe.yaml"


class ModelIdentity(NamedTuple):
    """What tells an answer's model from others.

    Attributes
    ----------
    name
        Of its folder, or of the run's. Of the model in the package it is ``default``.
    fingerprint
        The first twelve digits of the SHA-256 of its ``artifact.json``, which vouches for all its
        files.
    threshold
        From which probability on a tumor was called.
    version
        Of Tumorscope, which answered.
    """

    name: str
    fingerprint: str
    threshold: float
    version: str

    def __str__(self) -> str:
        return (
            f"model {self.name} {self.fingerprint}, threshold {self.threshold:.3g}, "
            f"Tumorscope {self.version}"
        )


def identify_model(folder: Path, threshold: float) -> ModelIdentity:
    """Say which model an artifact, verified by `read_artifact`, is."""
    place = folder.resolve()
    if (place.parent / _RUN_FILE).is_file():
        place = place.parent
    fingerprint = compute_sha256(folder / SPEC_FILE)[:_FINGERPRINT_DIGITS]
    return ModelIdentity(place.name, fingerprint, threshold, __version__)


def is_model(path: Path) -> bool:
    """Tell whether a folder is a model: an artifact, or a run that holds one."""
    try:
        is_run = (path / _RUN_FILE).is_file() and (path / "model" / SPEC_FILE).is_file()
        return is_run or (path / SPEC_FILE).is_file()
    except OSError:  # the name is too long, or the folder is closed
        return False
