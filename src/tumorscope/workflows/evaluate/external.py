"""Measure a model on slices it has never met, after leaving out those that it has."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.artifact.alarms import list_alarms
from tumorscope.artifact.reader import find_artifact, read_known_codes
from tumorscope.atomic import borrow_folder
from tumorscope.copies.known import compute_file_codes, find_known
from tumorscope.dataset.class_names import Names
from tumorscope.dataset.manifest import read_manifest
from tumorscope.dataset.subgroups import read_subgroups
from tumorscope.dataset.unpacking.origins import read_by_origin
from tumorscope.evaluation.acceptance import measure_guard
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.summary import summarize_scores
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.workflows.alarms import LEAST_GROUPS
from tumorscope.workflows.evaluate.folder import METRICS_FILE, write_evaluation
from tumorscope.workflows.evaluate.foreign_predictions import read_foreign_predictions
from tumorscope.workflows.evaluate.measure import assess_answers, tabulate_answers
from tumorscope.workflows.preparation import check_replaceable

_FIGURES = ("accuracy", "sensitivity", "specificity", "auroc")


def evaluate_external(
    model: str | Path,
    data: str | Path,
    out: str | Path,
    positive: Names = "yes",
    by: Sequence[str] = (),
    predictions: str | Path | None = None,
    on_progress: ProgressCallback = ignore_progress,
    *,
    negative: Names | None = None,
) -> dict[str, Any]:
    """Measure a model on labelled slices, with and without copies of slices that it knows.

    Parameters
    ----------
    model, data, out, positive, by, predictions, on_progress, negative
        As for `evaluate`.

    Returns
    -------
    dict
        ``copies``, how many slices are copies of slices that the model was trained or validated
        on, or in a group with one; ``clean``, the figures without them, None if none is left;
        ``is_enough``, whether these are enough to say anything; ``with_copies``, the figures of
        all slices; ``subgroups``, those of the clean slices by each column. Of this model's own
        answers the figures have ``guard``, an `Acceptance`: what the guard refuses counts in all
        other figures, too.

    Raises
    ------
    ArtifactError, InputError
        The model or the data cannot be used.
    """
    folder = Path(out)
    check_replaceable(folder, METRICS_FILE)
    predictor = Predictor.load(Path(model))
    known = read_known_codes(find_artifact(Path(model)))
    with borrow_folder(folder) as home:
        manifest, rejected = read_manifest(
            data, positive, on_progress, negative=negative, home=home
        )
        subgroups = read_subgroups(data, manifest, by)
        threshold = HALF if predictions else predictor.spec.threshold
        if predictions:
            table = read_foreign_predictions(Path(predictions), manifest)
        else:
            table = tabulate_answers(predictor, manifest, "evaluating", on_progress)
        paths = manifest["path"].tolist()
        codes = compute_file_codes(paths, "looking for training slices", on_progress)
        table["is_known"] = _spread(find_known(codes, known), table["group"])

        def assess(rows: pd.DataFrame) -> dict[str, Any]:
            if predictions:
                return {**summarize_scores(rows["label"], rows["probability"], HALF, rows["group"])}
            return {**assess_answers(rows, predictor.spec), **measure_guard(rows)}

        clean = table[~table["is_known"]]
        metrics = {
            "part": str(data),
            "predictions": str(predictions) if predictions else None,
            "copies": {"slices": int(table["is_known"].sum()), "of": len(table)},
            "alarms": [] if predictions else list_alarms(predictor.spec),
            "is_enough": _count_groups(clean) >= LEAST_GROUPS,
            "clean": assess(clean) if len(clean) else None,
            "with_copies": assess(table),
            "subgroups": {
                column: _measure_subgroups(clean, subgroups[column], threshold)
                for column in subgroups
            },
        }
        drawn = clean if clean["label"].nunique() == 2 else clean.iloc[:0]
        subgroups = subgroups.rename(
            columns=lambda name: f"{name} of the data" if name in table else name
        )
        write_evaluation(
            folder,
            metrics,
            table.join(subgroups),
            drawn,
            threshold,
            read_by_origin(manifest),
            rejected=rejected,
        )
    return metrics


def _spread(is_known: NDArray[np.bool_], groups: pd.Series) -> pd.Series:
    """Take for known whatever is in one group with a known slice."""
    return pd.Series(is_known, index=groups.index).groupby(groups).transform("any")


def _count_groups(table: pd.DataFrame) -> int:
    """Count the groups of the class that has fewer."""
    return min(table.loc[table["label"] == label, "group"].nunique() for label in (0, 1))


def _measure_subgroups(
    table: pd.DataFrame, values: pd.Series, threshold: float
) -> dict[str, dict[str, Any]]:
    """Measure the slices of each value of a column."""
    measured = {}
    for value, rows in table.groupby(values.reindex(table.index), sort=True):
        summary = summarize_scores(rows["label"], rows["probability"], threshold, rows["group"])
        measured[str(value)] = {
            "slices": summary["slices"],
            "tumor": summary["tumor"],
            "groups": summary["groups"],
            **{name: summary[name] for name in _FIGURES},  # type: ignore[literal-required]
            "intervals": {name: summary["intervals"][name] for name in _FIGURES},
        }
    return measured
