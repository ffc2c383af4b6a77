"""From exported files to an artifact: what is decided, known and said about a model."""

from pathlib import Path, PurePath

import numpy as np
import pandas as pd

from tumorscope.artifact.distribution import CARD_FILE
from tumorscope.artifact.spec import (
    KNOWN_CODES_FILE,
    KNOWN_DIGESTS_FILE,
    OPENVINO_FILE,
    ArtifactSpec,
    ConformalSpec,
)
from tumorscope.artifact.writer import write_artifact, write_guard
from tumorscope.atomic import write_text
from tumorscope.checksum import compute_fingerprint
from tumorscope.copies.digests import compute_file_digests
from tumorscope.copies.known import compute_file_codes
from tumorscope.dataset.recorded import check_unchanged
from tumorscope.dataset.series import find_places
from tumorscope.dataset.splits import TRAIN, VALIDATION
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.evaluation.decisions.faults import is_collapsed
from tumorscope.evaluation.decisions.neighbours import REACH
from tumorscope.inference.engine import Engine
from tumorscope.inference.guard import Guard
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback
from tumorscope.recipe import Recipe
from tumorscope.report.run.data_summary import summarize_data
from tumorscope.report.run.model_card import render_model_card
from tumorscope.scans.find import LEAST_SIDE_PX
from tumorscope.workflows.crossval.out_of_fold import decide_out_of_fold, measure_out_of_fold
from tumorscope.workflows.evaluate.measure import (
    mark_little_brain,
    measure_validation,
    tabulate_answers,
)
from tumorscope.workflows.guard_fitting import fit_guard
from tumorscope.workflows.train.series import count_series, fit_series_spec, let_vote

# So much fainter than the strongest color is all evidence of a collapsed network drawn.
_DARK = 100


def complete_artifact(
    folder: Path,
    recipe: Recipe,
    manifest: pd.DataFrame,
    rejected_files: int,
    out_of_fold: pd.DataFrame | None,
    on_progress: ProgressCallback,
) -> None:
    """Add to exported files what is known about the model: specification, guard, card, its slices.

    Parameters
    ----------
    folder
        Holds the exported files.
    recipe, manifest, rejected_files
        What the model was trained with, and on.
    out_of_fold
        Of a model trained on all slices, the answers of `read_out_of_fold`, which then decide in
        place of its own answers for a validation part.
    on_progress
        Called as work goes on.

    Raises
    ------
    InputError
        A slice or a mask is gone, or has changed since it was recorded.
    """
    check_unchanged(manifest)  # hours later
    spec = ArtifactSpec(
        recipe=recipe.name,
        backbone=recipe.model.backbone,
        weights=PurePath(recipe.model.weights).name,  # an artifact travels; a local path does not
        preprocessing=recipe.preprocessing,
        reach=REACH if find_places(manifest).notna().any() else 0.0,
        heatmap="lesion map" if "mask" in manifest else "Grad-CAM",
        cam_scale=1.0,
        fingerprint=compute_fingerprint(manifest.loc[manifest["split"] == TRAIN, "sha256"]),
    )
    graph = folder / OPENVINO_FILE
    training = manifest[manifest["split"] == TRAIN]
    subspace = fit_guard(Engine(graph), training, recipe.preprocessing, on_progress)
    write_guard(folder, subspace)
    part = VALIDATION if out_of_fold is None else TRAIN
    table = tabulate_answers(
        Predictor(spec, graph, Guard(subspace)),
        manifest,
        "calibrating",
        on_progress,
        part,
    )
    collapsed = is_collapsed(table["label"], table["raw_probability"])
    spec = spec.model_copy(update={"collapsed": collapsed})
    if spec.heatmap == "Grad-CAM":  # the lesion map is a probability, of at most 1
        scale = choose_cam_scale(table["cam_peak"], collapsed)
        spec = spec.model_copy(update={"cam_scale": scale})
    if out_of_fold is None:
        spec = _decide(spec, table, recipe)
        votes = let_vote(mark_little_brain(table, manifest), spec)
        table["probability"] = apply_temperature(table["raw_probability"], spec.temperature)
        metrics = measure_validation(table, manifest, spec)
    else:
        spec = _decide(spec, out_of_fold, recipe)
        votes = let_vote(out_of_fold, spec)
        metrics = measure_out_of_fold(decide_out_of_fold(out_of_fold, spec), spec)
    spec = spec.model_copy(update={"series": fit_series_spec(votes, recipe.decision)})
    card = render_model_card(
        spec.model_dump(),
        metrics,
        summarize_data(manifest, rejected_files),
        recipe.model_dump(),
        count_series(votes),
    )
    write_text(folder / CARD_FILE, card)
    codes = compute_file_codes(list(manifest["path"]), "recording the slices", on_progress)
    np.save(folder / KNOWN_CODES_FILE, codes, allow_pickle=False)
    digests = compute_file_digests(list(manifest["path"]), LEAST_SIDE_PX)
    np.save(folder / KNOWN_DIGESTS_FILE, digests, allow_pickle=False)
    write_artifact(folder, spec)


def _decide(spec: ArtifactSpec, answers: pd.DataFrame, recipe: Recipe) -> ArtifactSpec:
    """Fit on answers for slices that the network has not learned how it decides."""
    decision = fit_decision(
        answers["label"],
        answers["raw_probability"],
        answers["group"],
        recipe.decision.target_sensitivity,
        recipe.decision.conformal_error,
    )
    return spec.model_copy(
        update={
            "temperature": decision.temperature,
            "operating_points": {
                point.name: point.threshold for point in decision.operating_points
            },
            "operating_point": recipe.decision.operating_point,
            "conformal": ConformalSpec(
                error=recipe.decision.conformal_error, **decision.limits._asdict()
            ),
        }
    )


def choose_cam_scale(peaks: pd.Series, collapsed: bool = False) -> float:
    """Choose the evidence drawn in the strongest color: only one peak in twenty exceeds it.

    What a collapsed network has is the same for every slice and no evidence: its maps stay dark.

    >>> choose_cam_scale(pd.Series([0.0, 0.0])), choose_cam_scale(pd.Series([0.2, 0.2]), True)
    (1.0, 20.0)
    """
    return (float(peaks.quantile(0.95)) or 1.0) * (_DARK if collapsed else 1)
