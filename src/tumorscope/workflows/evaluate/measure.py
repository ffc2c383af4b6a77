"""Answer for the slices of a manifest, for measuring."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.dataset.recorded import check_unchanged
from tumorscope.dataset.series import find_places
from tumorscope.dataset.splits import TRAIN, VALIDATION
from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError
from tumorscope.evaluation.acceptance import measure_guard
from tumorscope.evaluation.assessment import Assessment, assess_decisions
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.verdicts import (
    CLASS_NAMES,
    NOT_ASSESSABLE,
    call_classes,
    decide_verdicts,
)
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback
from tumorscope.scans.scan import Unreadable
from tumorscope.workflows.alarms import list_run_alarms
from tumorscope.workflows.guard_fitting import find_little_brain
from tumorscope.workflows.measuring.neighbours import heed_series


def answer_slices(
    predictor: Predictor, slices: pd.DataFrame, stage: str, on_progress: ProgressCallback
) -> Iterator[Prediction]:
    """Answer for slices of a manifest, by the names of `name_origins`.

    They have been read before; one that no longer can be, or has changed since, is an error.
    """
    check_unchanged(slices)
    answers = predictor.predict(map(Path, slices["path"]))
    for done, (name, answer) in enumerate(zip(name_origins(slices), answers, strict=True), 1):
        if isinstance(answer, Unreadable):
            raise InputError(str(answer))
        yield replace(answer, name=name)
        on_progress(stage, done, len(slices))


def tabulate_answers(
    predictor: Predictor,
    manifest: pd.DataFrame,
    stage: str,
    on_progress: ProgressCallback,
    part: str | None = None,
) -> pd.DataFrame:
    """Answer for every slice of a manifest, or of one part of it.

    Parameters
    ----------
    predictor
        What answers.
    manifest
        The whole of it, as the place of a slice is found in its whole series. Not modified.
    stage, on_progress
        What is said while work goes on.
    part
        A value of its column ``split``; without one, all slices are answered for.

    Returns
    -------
    pandas.DataFrame
        The ``path`` by `name_origins`, ``label``, ``label_name`` and ``group`` with the calibrated
        ``probability``, the ``raw_probability`` before that, for a slice of a series with the say
        of its neighbours, as far as the model lets them, the ``predicted_class`` by the
        threshold and whether it is ``correct``, the ``verdict``, which may be uncertain, the
        ``reason`` of one that is not assessable, whose other columns are filled all the same, and
        ``cam_peak``, the strongest evidence for a tumor in the map; and where there are series
        ``series`` and ``place``, as from `find_places`.
    """
    placed = manifest.assign(place=find_places(manifest))
    if part is not None:
        placed = placed[placed["split"] == part]
    table = placed.assign(path=name_origins(placed))
    table = table[["path", "label", "label_name", "group"]].reset_index(drop=True)
    where = ["series", "place"] if placed["place"].notna().any() else []
    answers = pd.DataFrame(
        [
            (answer.raw_probability, answer.reason, max(float(answer.cam.max()), 0.0))
            for answer in answer_slices(predictor, placed, stage, on_progress)
        ],
        columns=["raw_probability", "reason", "cam_peak"],
    ).join(placed[where].reset_index(drop=True))
    answers["raw_probability"] = heed_series(
        answers, answers["raw_probability"], predictor.spec.reach
    )
    return table.join(_decide(answers, table["label"], predictor.spec)).join(answers[where])


def mark_little_brain(table: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """Mark as ``little_brain`` the slices of series that do not vote for these.

    Parameters
    ----------
    table
        As `tabulate_answers` gives it; as it is where there are no series. Not modified.
    manifest
        Says which picture holds each slice.
    """
    if "place" not in table:
        return table
    pictures = dict(zip(name_origins(manifest), manifest["path"], strict=True))
    stored = table.assign(path=table["path"].map(pictures))
    return table.assign(little_brain=find_little_brain(stored))


def _decide(answers: pd.DataFrame, labels: pd.Series, spec: ArtifactSpec) -> pd.DataFrame:
    """Put beside raw probabilities what a model makes of them."""
    probabilities = apply_temperature(answers["raw_probability"].to_numpy(), spec.temperature)
    classes = call_classes(probabilities, spec.threshold)
    verdicts = decide_verdicts(probabilities, spec.threshold, spec.conformal.limits)
    return pd.DataFrame(
        {
            "probability": probabilities,
            "raw_probability": answers["raw_probability"],
            "predicted_class": classes,
            "correct": classes == np.array(CLASS_NAMES)[labels],
            "verdict": np.where(answers["reason"].isna(), verdicts, NOT_ASSESSABLE),
            "reason": answers["reason"],
            "cam_peak": answers["cam_peak"],
        }
    )


def count_copies(table: pd.DataFrame, manifest: pd.DataFrame) -> dict[str, int]:
    """Count the slices that have one of their group in the training part of a run.

    Parameters
    ----------
    table
        As `tabulate_answers` gives it.
    manifest
        Of the run, with ``split``.

    Returns
    -------
    dict
        How many ``slices`` there are, ``of`` all.
    """
    trained_on = manifest.loc[manifest["split"] == TRAIN, "group"]
    return {"slices": int(table["group"].isin(trained_on).sum()), "of": len(table)}


def assess_answers(table: pd.DataFrame, spec: ArtifactSpec) -> Assessment:
    """Measure the answers of a model, as `tabulate_answers` gives them."""
    return assess_decisions(
        table["label"],
        table["raw_probability"],
        table["probability"],
        table["group"],
        spec.operating_points,
        spec.operating_point,
        spec.conformal.limits,
    )


def measure_validation(
    table: pd.DataFrame, manifest: pd.DataFrame, spec: ArtifactSpec
) -> dict[str, Any]:
    """Measure the answers for the validation part of a run.

    Parameters
    ----------
    table
        As `tabulate_answers` gives it.
    manifest
        Of the run, with ``split``.
    spec
        The model.

    Returns
    -------
    dict
        An `Assessment`; ``guard``, an `Acceptance`, though what it refuses counts in all other
        figures, too; ``copies``, how many of the slices have a copy in training; and ``alarms``, as
        from `list_run_alarms`.
    """
    return {
        "part": VALIDATION,
        "alarms": list_run_alarms(table, spec),
        **assess_answers(table, spec),
        **measure_guard(table),
        "copies": count_copies(table, manifest),
    }
