"""Load a model for answering, in Python."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tumorscope.errors import Alarm

if TYPE_CHECKING:
    from tumorscope.inference.predictor import Predictor


def load(
    model: str | Path | None = None,
    operating_point: str | None = None,
    cores: int | None = None,
) -> "Predictor":
    """Load a model, ready to answer for paths, arrays and DICOM datasets. Research use only.

    It changes no setting of the process: docs/trust.md says what it does and does not do.

    Parameters
    ----------
    model
        An artifact folder or a run folder; by default the model that comes with the package.
    operating_point
        ``half``, ``youden`` or ``target_sensitivity``: the threshold to apply in place of the
        model's own.
    cores
        How many to use; by default all.

    Returns
    -------
    Predictor
        Call it with one scan, or `stream` many; threads may share it. It computes in bf16 where
        the CPU has it.

    Raises
    ------
    ArtifactError
        There is no model, it is damaged, or it has changed since it was written.
    InputError
        The model has no such operating point.

    Warns
    -----
    Alarm
        The model cannot be used as it is: a verdict can never come, or its network has collapsed.
    """
    for alarm in list_alarms(model, operating_point):
        warnings.warn(alarm, Alarm, stacklevel=2)
    return load_predictor(model, operating_point, cores)


def list_alarms(model: str | Path | None, operating_point: str | None) -> list[str]:
    """Say in sentences why a model cannot be used as it is."""
    with _keep_environment():
        from tumorscope.artifact.alarms import read_alarms

        return read_alarms(_find(model), operating_point)


def load_predictor(
    model: str | Path | None, operating_point: str | None, cores: int | None
) -> "Predictor":
    """Load a model as `load` does, without a warning."""
    with _keep_environment():
        from tumorscope.inference.engine import choose_precision
        from tumorscope.inference.predictor import Predictor

        return Predictor.load(_find(model), operating_point, choose_precision(), cores)


def _find(model: str | Path | None) -> Path:
    from tumorscope.artifact.shipped import find_shipped_model

    return find_shipped_model() if model is None else Path(model)


@contextmanager
def _keep_environment() -> Iterator[None]:
    """Take back what libraries set for themselves: OpenCV, imported, lengthens LD_LIBRARY_PATH."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        for name, value in before.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
