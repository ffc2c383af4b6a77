"""Patients by a code that keeps them apart and names nobody."""

import hmac
import os
import secrets
from pathlib import Path

from tumorscope.atomic import replace_file
from tumorscope.errors import InputError

_BYTES = 32
_CHARACTERS = 16


def keep_salt(path: Path) -> bytes:
    """Read the salt of a run, or make it; only its owner can read it.

    Without it nobody can tell by trying whether a code is that of a patient they know.

    Raises
    ------
    InputError
        What is there is no salt, or cannot be read or written.
    """
    if not path.exists():
        with replace_file(path) as temporary:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(_BYTES) + "\n")
    try:
        salt = bytes.fromhex(path.read_text("ascii"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError:
        salt = b""
    if len(salt) != _BYTES:
        raise InputError(f"{path}: not the salt that a run keeps; move it away")
    return salt


def encode_patient(patient_id: str, salt: bytes) -> str:
    """Give the code of a patient, 16 hexadecimal digits, the same for one salt (HMAC-SHA-256).

    >>> encode_patient("4711", b"a") == encode_patient("4711", b"b")
    False
    """
    digest = hmac.new(salt, patient_id.encode("utf-8", "surrogateescape"), "sha256")
    return digest.hexdigest()[:_CHARACTERS]
