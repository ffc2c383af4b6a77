"""The folder an evaluation writes: metrics, predictions and figures, all or nothing."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.manifest import REJECTED_FILE, name_rejected, write_table
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.replacing import replace_folder

_SERIES_FILE = "series.csv"
_MISTAKES_SHOWN = 12


def write_evaluation(
    folder: Path,
    command: str,
    metrics: Mapping[str, Any],
    predictions: pd.DataFrame,
    drawn: pd.DataFrame,
    threshold: float,
    read_image: Callable[[str], NDArray[np.uint8]],
    series: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
    rejected: pd.DataFrame | None = None,
) -> None:
    """Write an evaluation, replacing an earlier one.

    Parameters
    ----------
    folder
        Where to.
    command
        Which command writes it, for `replace_folder`.
    metrics
        For ``metrics.json``.
    predictions
        For ``predictions.csv``.
    drawn
        Those of the predictions that the figures show; none, and there are no figures.
    threshold
        Of the probability, in the figures.
    read_image
        Gives the slice of a ``path`` of the predictions, for the figures.
    series
        For ``series.csv``: the answers for whole series, if there are any.
    history
        Of the training, to be drawn, too.
    rejected
        Files that could not be read.
    """
    with replace_folder(folder, command) as temporary:
        document = {**metrics, "notice": RESEARCH_USE_ONLY}
        (temporary / "metrics.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        write_table(
            temporary / "predictions.csv", predictions.drop(columns="cam_peak", errors="ignore")
        )
        if series is not None:
            write_table(temporary / _SERIES_FILE, series)
        if rejected is not None:
            write_table(temporary / REJECTED_FILE, rejected)
        if len(drawn):
            _draw_figures(temporary, drawn, threshold, read_image)
        if history is not None:
            _draw_history(temporary, history)
    if rejected is not None:
        name_rejected(folder, rejected)


def _draw_figures(
    folder: Path,
    predictions: pd.DataFrame,
    threshold: float,
    read_image: Callable[[str], NDArray[np.uint8]],
) -> None:
    from tumorscope.evaluation import figures

    scores = predictions["label"], predictions["probability"], threshold
    drawn = {
        "confusion_matrix": figures.plot_confusion_matrix(compute_metrics(*scores)["counts"]),
        "roc": figures.plot_roc(*scores),
        "precision_recall": figures.plot_precision_recall(*scores),
        "mistakes": figures.plot_mistakes(predictions, read_image, _MISTAKES_SHOWN),
    }
    if "raw_probability" in predictions:
        drawn["reliability"] = figures.plot_reliability(
            predictions["label"], predictions["raw_probability"], predictions["probability"]
        )
    for name, figure in drawn.items():
        figures.save_figure(figure, folder / name)


def _draw_history(folder: Path, history: pd.DataFrame) -> None:
    from tumorscope.evaluation import figures

    figures.save_figure(figures.plot_history(history), folder / "history")
