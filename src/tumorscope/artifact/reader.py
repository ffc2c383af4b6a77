"""Read an artifact, after making sure that not a byte of it has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from tumorscope.artifact.spec import (
    CHECKSUM_FILE,
    GUARD_FILE,
    KNOWN_CODES_FILE,
    OPENVINO_FILE,
    SPEC_FILE,
    ArtifactSpec,
)
from tumorscope.checksum import compute_sha256
from tumorscope.copies.codes import CODE_BYTES, Codes
from tumorscope.errors import ArtifactError
from tumorscope.evaluation.decisions.novelty import Subspace


def find_artifact(path: Path) -> Path:
    """Find the artifact in a given folder: the folder itself, or ``model`` in a run folder.

    Raises
    ------
    ArtifactError
        Neither holds an ``artifact.json``.
    """
    for folder in (path, path / "model"):
        if (folder / SPEC_FILE).is_file():
            return folder
    raise ArtifactError(
        f"{path}: no model here; expected a run folder or an artifact folder with {SPEC_FILE}"
    )


def read_artifact(folder: Path) -> ArtifactSpec:
    """Read and verify an artifact.

    Parameters
    ----------
    folder
        Holds ``artifact.json``, its checksum, and the files it lists.

    Raises
    ------
    ArtifactError
        A file is missing or not what was written, or the format is of another version.
    """
    try:
        checksum = (folder / CHECKSUM_FILE).read_bytes()
        if checksum != f"{compute_sha256(folder / SPEC_FILE)}  {SPEC_FILE}\n".encode():
            raise _damaged(folder / SPEC_FILE)
        spec = ArtifactSpec.model_validate_json((folder / SPEC_FILE).read_bytes())
        for name, sha256 in spec.files.items():
            if Path(name).name != name or "\0" in name or compute_sha256(folder / name) != sha256:
                raise _damaged(folder / name)
    except OSError as error:
        raise ArtifactError(f"{folder}: incomplete artifact: {error}; copy it again") from error
    except ValidationError as error:
        raise ArtifactError(
            f"{folder / SPEC_FILE}: not an artifact that this version of Tumorscope reads; "
            "update Tumorscope or train again"
        ) from error
    if OPENVINO_FILE not in spec.files:
        raise ArtifactError(f"{folder}: the artifact has no {OPENVINO_FILE}; train again")
    return spec


def read_known_codes(folder: Path) -> Codes:
    """Read the perceptual codes of the slices that a model knows, shape (N, frames, 32), uint8.

    Parameters
    ----------
    folder
        An artifact that `read_artifact` has verified.

    Raises
    ------
    ArtifactError
        The artifact carries none.
    """
    path = folder / KNOWN_CODES_FILE
    with _reading(path, "codes", "copies of its training slices cannot be found") as file:
        codes: Codes = np.load(file, allow_pickle=False)
    if codes.dtype != np.uint8 or codes.ndim != 3 or codes.shape[2] != CODE_BYTES:
        raise ArtifactError(f"{path}: not codes that this version of Tumorscope reads")
    return codes


def read_guard(folder: Path) -> Subspace:
    """Read where the features of a model's training slices lie.

    Parameters
    ----------
    folder
        An artifact that `read_artifact` has verified.

    Raises
    ------
    ArtifactError
        The artifact does not say it.
    """
    path = folder / GUARD_FILE
    with (
        _reading(path, "a guard", "other pictures than brain MRI slices cannot be told") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        mean, basis = arrays["mean"], arrays["basis"]
        scale, limit = float(arrays["scale"]), float(arrays["limit"])
    if mean.ndim != 1 or basis.ndim != 2 or len(mean) != len(basis) or not scale > 0:
        raise ArtifactError(f"{path}: not a guard that this version of Tumorscope reads")
    return Subspace(mean, basis, scale, limit)


@contextmanager
def _reading(path: Path, content: str, lost: str) -> Iterator[BinaryIO]:
    """Open a file of arrays; what is wrong with it is said by its content, or what is lost."""
    try:
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        raise ArtifactError(
            f"{path.parent}: carries no {path.name}, so {lost}; train again"
        ) from error
    except (ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
        raise ArtifactError(f"{path}: not a file of {content}; train again") from error


def _damaged(path: Path) -> ArtifactError:
    return ArtifactError(
        f"{path}: changed since it was written (its SHA-256 differs); copy the artifact again"
    )
