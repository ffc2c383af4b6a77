"""Load a model for answering, in Python."""

from pathlib import Path
from typing import TYPE_CHECKING

from tumorscope.artifact.shipped import find_shipped_model

if TYPE_CHECKING:
    from tumorscope.inference.predictor import Predictor


def load(
    model: str | Path | None = None,
    operating_point: str | None = None,
    cores: int | None = None,
) -> "Predictor":
    """Load a model, ready to answer for paths, arrays and DICOM datasets. Research use only.

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
        There is no model, or it has changed since it was written.
    InputError
        The model has no such operating point.
    """
    from tumorscope.inference.engine import choose_precision
    from tumorscope.inference.predictor import Predictor

    folder = find_shipped_model() if model is None else Path(model)
    return Predictor.load(folder, operating_point, choose_precision(), cores)
