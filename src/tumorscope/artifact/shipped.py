"""The model that comes with the package."""

from pathlib import Path

from tumorscope.artifact.spec import SPEC_FILE
from tumorscope.errors import ArtifactError

_FOLDER = Path(__file__).parents[1] / "models" / "default"


def find_shipped_model() -> Path:
    """Find the artifact inside the installed package.

    Raises
    ------
    ArtifactError
        This installation carries none.
    """
    if not (_FOLDER / SPEC_FILE).is_file():
        raise ArtifactError(
            f"{_FOLDER}: this installation carries no model; name one with --model, "
            "or install Tumorscope again"
        )
    return _FOLDER
