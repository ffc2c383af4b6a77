"""SHA-256 of files and of the data a model was trained on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def compute_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compute_fingerprint(sha256_of_files: Iterable[str]) -> str:
    """Compute one SHA-256 for a set of files, whatever their names and order."""
    return hashlib.sha256("\n".join(sorted(sha256_of_files)).encode()).hexdigest()
