"""Answer for image files and folders with a trained model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from tumorscope.atomic import replace_file
from tumorscope.data.manifest import write_table
from tumorscope.data.readers import is_image_file
from tumorscope.errors import InputError
from tumorscope.explanation.panel import draw_overlay
from tumorscope.inference.predictor import Prediction, Predictor, Rejection
from tumorscope.progress import ProgressCallback, ignore_progress

COLUMNS = ("path", "probability", "verdict")


def predict(
    model: str | Path,
    inputs: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    overlays: str | Path | None = None,
    on_progress: ProgressCallback = ignore_progress,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Answer for image files and all images in folders.

    Parameters
    ----------
    model
        An artifact folder or a run folder.
    inputs
        A file or folder, or several.
    out
        A CSV file for the results.
    overlays
        A folder for one picture per slice: slice, heatmap, probability.
    on_progress
        Called after each file.

    Returns
    -------
    tuple
        The results (columns ``path``, ``probability``, ``verdict``) and the rejected files
        (columns ``path``, ``reason``), both in the order given.

    Raises
    ------
    ArtifactError
        There is no model, or it has changed since it was written.
    InputError
        An input does not exist, or a folder holds no images.
    """
    paths = list(_list_images(inputs))
    predictor = Predictor.load(Path(model))
    results, rejected = [], []
    for done, answer in enumerate(predictor.predict(paths), start=1):
        if isinstance(answer, Rejection):
            rejected.append((str(answer.path), answer.reason))
        else:
            results.append((str(answer.path), answer.probability, answer.verdict))
            if overlays is not None:
                _write_overlay(Path(overlays), done, answer, predictor.spec.cam_scale)
        on_progress("predicting", done, len(paths))
    table = pd.DataFrame(results, columns=list(COLUMNS))
    if out is not None:
        write_table(Path(out), table)
    return table, pd.DataFrame(rejected, columns=["path", "reason"])


def _list_images(inputs: str | Path | Sequence[str | Path]) -> Iterator[Path]:
    for given in [inputs] if isinstance(inputs, (str, Path)) else inputs:
        path = Path(given)
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        if not path.is_dir():
            yield path
            continue
        images = sorted(file for file in path.rglob("*") if is_image_file(file))
        if not images:
            raise InputError(f"{path}: no JPEG, PNG, BMP or TIFF images in this folder")
        yield from images


def _write_overlay(folder: Path, number: int, prediction: Prediction, cam_scale: float) -> None:
    """Write a picture whose number tells apart files of the same name."""
    with replace_file(folder / f"{number:05d} {prediction.path.stem}.png") as temporary:
        draw_overlay(prediction.explain(), cam_scale).save(temporary)
