"""Answer for the slices of a manifest, for measuring."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from tumorscope.artifact.spec import CLASS_NAMES
from tumorscope.errors import InputError
from tumorscope.inference.predictor import Prediction, Predictor, Rejection
from tumorscope.progress import ProgressCallback


def answer_slices(
    predictor: Predictor, paths: Sequence[str], stage: str, on_progress: ProgressCallback
) -> Iterator[Prediction]:
    """Answer for slices that have been read before; one that no longer can be is an error."""
    for done, answer in enumerate(predictor.predict(map(Path, paths)), start=1):
        if isinstance(answer, Rejection):
            raise InputError(f"{answer.path}: {answer.reason}")
        yield answer
        on_progress(stage, done, len(paths))


def tabulate_answers(
    predictor: Predictor, manifest: pd.DataFrame, stage: str, on_progress: ProgressCallback
) -> pd.DataFrame:
    """Answer for every slice of a manifest.

    Returns
    -------
    pandas.DataFrame
        The manifest's ``path``, ``label`` and ``label_name`` with ``probability``, ``verdict``,
        ``correct``, and ``cam_peak``, the strongest evidence for a tumor in the map.
    """
    table = manifest[["path", "label", "label_name"]].reset_index(drop=True)
    answers = [
        (answer.probability, answer.verdict, max(float(answer.cam.max()), 0.0))
        for answer in answer_slices(predictor, list(table["path"]), stage, on_progress)
    ]
    table[["probability", "verdict", "cam_peak"]] = pd.DataFrame(answers, index=table.index)
    truth = table["label"].map(dict(enumerate(CLASS_NAMES)))
    table.insert(5, "correct", table["verdict"] == truth)
    return table
