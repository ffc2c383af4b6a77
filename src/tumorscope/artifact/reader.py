"""Read an artifact, after making sure that not a byte of it has changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from pydantic import ValidationError

from tumorscope.artifact.spec import (
    CHECKSUM_FILE,
    GUARD_FILE,
    KNOWN_CODES_FILE,
    KNOWN_DIGESTS_FILE,
    OPENVINO_FILE,
    SPEC_FILE,
    ArtifactSpec,
)
from tumorscope.checksum import compute_sha256
from tumorscope.copies.codes import CODE_BYTES, Codes
from tumorscope.copies.digests import DIGEST_BYTES
from tumorscope.errors import ArtifactError
from tumorscope.evaluation.decisions.novelty import Subspace

# Whatever else lies in the folder is never read.
_VOUCHED_SUFFIXES = (".xml", ".bin", ".npz", ".npy", ".keras", ".onnx")


def find_artifact(path: Path) -> Path:
    """Find the artifact in a given folder: the folder itself, or ``model`` in a run folder.

    Raises
    ------
    ArtifactError
        Neither holds an ``artifact.json``.
    """
    for folder in (path, path / "model"):
        try:
            is_there = (folder / SPEC_FILE).is_file()
        except OSError as error:
            raise ArtifactError(f"{path}: cannot be read: {error.strerror}") from error
        if is_there:
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
        A file is missing, not what was written, or not listed with its checksum; or the format is
        of another version.
    """
    try:
        checksum = (folder / CHECKSUM_FILE).read_bytes()
        if checksum != f"{compute_sha256(folder / SPEC_FILE)}  {SPEC_FILE}\n".encode():
            raise _damaged(folder / SPEC_FILE)
        spec = ArtifactSpec.model_validate_json((folder / SPEC_FILE).read_bytes())
        for name, sha256 in spec.files.items():
            if Path(name).name != name or "\0" in name or compute_sha256(folder / name) != sha256:
                raise _damaged(folder / name)
        listed = (*spec.files, SPEC_FILE, CHECKSUM_FILE)
        unlisted = [file for file in sorted(folder.iterdir()) if file.name not in listed]
    except UnicodeEncodeError as error:  # a name that no file can have
        raise _damaged(folder / SPEC_FILE) from error
    except OSError as error:
        raise ArtifactError(f"{folder}: incomplete artifact: {error}; copy it again") from error
    except ValidationError as error:
        raise ArtifactError(
            f"{folder / SPEC_FILE}: not an artifact that this version of Tumorscope reads; "
            "update Tumorscope or train again"
        ) from error
    if OPENVINO_FILE not in spec.files:
        raise ArtifactError(f"{folder}: the artifact has no {OPENVINO_FILE}; train again")
    for file in unlisted:
        if file.suffix.lower() in _VOUCHED_SUFFIXES:
            raise ArtifactError(
                f"{file}: {SPEC_FILE} lists no checksum of it; remove it or copy the artifact again"
            )
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


def read_known_digests(folder: Path) -> frozenset[bytes] | None:
    """Read the digests of the slices that a model knows; None where the artifact has none.

    Parameters
    ----------
    folder
        An artifact that `read_artifact` has verified.

    Raises
    ------
    ArtifactError
        Its file is damaged.
    """
    path = folder / KNOWN_DIGESTS_FILE
    if not path.exists():
        return None
    with _reading(path, "digests", "its training slices cannot be told") as file:
        digests = np.load(file, allow_pickle=False)
    if digests.dtype != np.uint8 or digests.ndim != 2 or digests.shape[1] != DIGEST_BYTES:
        raise ArtifactError(f"{path}: not digests that this version of Tumorscope reads")
    return frozenset(map(bytes, digests))


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
    fits = mean.ndim == 1 and basis.ndim == 2 and len(mean) == len(basis) and scale > 0
    if not fits or mean.dtype.kind != "f" or basis.dtype.kind != "f":
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
    except ArtifactError:
        raise
    except Exception as error:  # a damaged archive raises nearly anything
        raise ArtifactError(f"{path}: not a file of {content}; train again") from error


def _damaged(path: Path) -> ArtifactError:
    return ArtifactError(
        f"{path}: changed since it was written (its SHA-256 differs); copy the artifact again"
    )
