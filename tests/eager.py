"""Run TensorFlow without graphs where building one takes longer than what it is used for."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def run_eagerly() -> Iterator[None]:
    """Compute each operation of a `tf.function` at once; streams and exports keep their graphs."""
    tf.config.run_functions_eagerly(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Even though", UserWarning)  # streams keep theirs
            yield
    finally:
        tf.config.run_functions_eagerly(False)
