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
from tumorscope.dataset.series import find_levels
from tumorscope.dataset.subgroups import UNKNOWN, read_subgroups
from tumorscope.dataset.unpacking.origins import read_by_origin
from tumorscope.evaluation.acceptance import measure_guard
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.summary import summarize_scores
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.replacing import check_replaceable
from tumorscope.workflows.alarms import LEAST_GROUPS
from tumorscope.workflows.evaluate.breakdown import break_down
from tumorscope.workflows.evaluate.folder import write_evaluation
from tumorscope.workflows.evaluate.foreign_predictions import read_foreign_predictions
from tumorscope.workflows.evaluate.lesions import add_lesion_shares
from tumorscope.workflows.evaluate.measure import (
    assess_answers,
    mark_little_brain,
    tabulate_answers,
)
from tumorscope.workflows.measuring.known import add_known, list_known

_COMMAND = "evaluate DATA"
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
        other figures, too. The clean ones have those of `break_down`, where there are any.

    Raises
    ------
    ArtifactError, InputError
        The model or the data cannot be used.
    """
    folder = Path(out)
    artifact = find_artifact(Path(model))
    inputs = [artifact, data, *([] if predictions is None else [predictions])]
    check_replaceable(folder, _COMMAND, inputs)
    predictor = Predictor.load(Path(model))
    known_codes = read_known_codes(artifact)
    with borrow_folder(folder) as home:
        manifest, rejected = read_manifest(
            data, positive, on_progress, negative=negative, home=home
        )
        subgroups = read_subgroups(data, manifest, by)
        manifest = add_lesion_shares(manifest, on_progress)
        threshold = HALF if predictions else predictor.spec.threshold
        if predictions:
            table = read_foreign_predictions(Path(predictions), manifest)
        else:
            table = tabulate_answers(predictor, manifest, "evaluating", on_progress)
            table = mark_little_brain(table, manifest)
        paths = manifest["path"].tolist()
        codes = compute_file_codes(paths, "looking for training slices", on_progress)
        table["is_known"] = _spread(find_known(codes, known_codes), table["group"])
        if "series" in table:  # a series without some of its slices is not one that was given
            table["is_known"] |= table["series"].isin(
                table.loc[table["is_known"], "series"].dropna()
            )
        named = manifest.assign(level=find_levels(manifest), path=table["path"].to_numpy())
        known = list_known(named)

        def assess(rows: pd.DataFrame) -> dict[str, Any]:
            if predictions:
                return {**summarize_scores(rows["label"], rows["probability"], HALF, rows["group"])}
            return {**assess_answers(rows, predictor.spec), **measure_guard(rows)}

        clean = table[~table["is_known"]]
        further = break_down(clean, known, predictor.spec)
        metrics = {
            "part": str(data),
            "predictions": str(predictions) if predictions else None,
            "copies": {"slices": int(table["is_known"].sum()), "of": len(table)},
            "alarms": [] if predictions else list_alarms(predictor.spec),
            "is_enough": _count_groups(clean) >= LEAST_GROUPS,
            "clean": {**assess(clean), **further.metrics} if len(clean) else None,
            "with_copies": assess(table),
            "subgroups": {
                column: _measure_subgroups(clean, subgroups[column], threshold)
                for column in subgroups
            },
        }
        write_evaluation(
            folder,
            _COMMAND,
            metrics,
            _join_subgroups(add_known(table, known), subgroups),
            clean if clean["label"].nunique() == 2 else clean.iloc[:0],
            threshold,
            read_by_origin(manifest),
            series=further.series,
            rejected=rejected,
        )
    return metrics


def _spread(is_known: NDArray[np.bool_], groups: pd.Series) -> pd.Series:
    """Take for known whatever is in one group with a known slice."""
    return pd.Series(is_known, index=groups.index).groupby(groups).transform("any")


def _join_subgroups(table: pd.DataFrame, subgroups: pd.DataFrame) -> pd.DataFrame:
    """Put beside answers what divides them, unless it stands there already."""
    there = [
        name
        for name in subgroups
        if name in table and (table[name].fillna(UNKNOWN).astype(str) == subgroups[name]).all()
    ]
    return table.join(
        subgroups.drop(columns=there).rename(
            columns=lambda name: f"{name} of the data" if name in table else name
        )
    )


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
