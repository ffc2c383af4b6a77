"""What a workflow needs of the optional part ``train``, and how it is imported."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tumorscope.errors import MissingExtraError


def check_training() -> None:
    """Refuse what `import_training` would refuse, without the seconds that importing takes.

    Raises
    ------
    MissingExtraError
        Keras, TensorFlow or nilearn is not installed.
    """
    if None in map(find_spec, ("keras", "tensorflow", "nilearn")):
        raise MissingExtraError("Training", "train")


@contextmanager
def import_training() -> Iterator[None]:
    """Import within this block what needs the extra ``train``: without noise, or with its name.

    Raises
    ------
    MissingExtraError
        Keras, TensorFlow, tf2onnx or nilearn is not installed.
    """
    check_training()  # nilearn would be missed only after the training, when the guard is fitted
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _silent_stderr():
            yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("keras", "tensorflow", "tf2onnx"):
            raise MissingExtraError("Training", "train") from error
        raise


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drop what TensorFlow's C++ part prints while it loads, before it obeys any log level."""
    sys.stderr.flush()
    original = os.dup(2)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(original, 2)
        os.close(original)
