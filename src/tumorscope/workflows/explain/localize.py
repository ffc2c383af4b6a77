"""Measure how well heatmaps find lesions that were outlined, on slices a model has not met."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tumorscope.artifact.reader import find_artifact, read_known_codes
from tumorscope.atomic import borrow_folder
from tumorscope.copies.known import compute_file_codes, find_known
from tumorscope.dataset.class_names import Names
from tumorscope.dataset.lesion_masks import assign_masks, open_masks, read_mask
from tumorscope.dataset.manifest import REJECTED_FILE, name_rejected, read_manifest, write_table
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.verdicts import TUMOR
from tumorscope.explanation.localization import Localization, measure_localization
from tumorscope.explanation.localization_sheet import Found, draw_found
from tumorscope.explanation.localization_summary import (
    compare_methods,
    find_best,
    summarize_methods,
)
from tumorscope.explanation.overlay import project_map
from tumorscope.explanation.perturbation import Answer, measure_area, trace_faithfulness
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.predictor import Predictor
from tumorscope.preprocessing import find_head, prepare_slice, take_gray
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.replacing import check_replaceable, replace_folder
from tumorscope.report.localization.report import write_localization_page
from tumorscope.workflows.evaluate.command import refresh_report
from tumorscope.workflows.evaluate.measure import answer_slices
from tumorscope.workflows.explain.methods import (
    BASELINES,
    SHIPPED,
    Method,
    check_methods,
    list_methods,
)

_COMMAND, TABLE_FILE = "explain DATA", "localization.csv"
FIGURES = (*Localization._fields, "insertion", "deletion")
_SHOWN = 12


def localize(
    model: str | Path,
    data: str | Path,
    masks: str | Path | None,
    out: str | Path,
    positive: Names = "yes",
    count: int | None = None,
    seed: int = 0,
    on_progress: ProgressCallback = ignore_progress,
    *,
    negative: Names | None = None,
    methods: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Measure the heatmaps of a model, and of other methods, against outlines.

    Only slices with an outline count that the model calls a tumor, rightly. Copies of slices that
    it was trained or validated on are left out.

    Parameters
    ----------
    model
        A run folder or an artifact folder. With the ``model.keras`` in it, methods that need
        gradients are measured, too.
    data
        Labelled slices, as for `train`.
    masks
        A JSON file of the VGG Image Annotator or a folder of mask pictures; see `list_masks`. None
        where `data` has its own, in a column ``mask`` or as DICOM segmentations.
    out
        The folder to write; as ``localization`` in the run folder, its report shows the result.
    positive, negative
        The names of the classes with and without a tumor.
    count
        Measure no more outlined slices than these, of as many groups as possible; all by default.
    seed
        Of their choice and of the bootstrap.
    on_progress
        Called as work goes on.
    methods
        The names of those to compare the shipped map with, besides three simple baselines; by
        default all there are.

    Returns
    -------
    dict
        As written to ``localization.json``: how many slices were measured and left out, ``methods``
        (see `summarize_methods`), ``best_baseline`` and ``above`` (see `compare_methods`).

    Raises
    ------
    ArtifactError, InputError, MissingExtraError
        The model, the data or the masks cannot be used, or no slice is left.
    """
    folder = Path(out)
    artifact = find_artifact(Path(model))
    inputs = [artifact, data, *([] if masks is None else [masks])]
    check_replaceable(folder, _COMMAND, inputs)
    predictor = Predictor.load(Path(model))
    check_methods(artifact, methods)
    with borrow_folder(folder) as home:
        manifest, rejected = read_manifest(
            data, positive, on_progress, negative=negative, home=home
        )
        if masks is not None:
            manifest = assign_masks(manifest, [Path(masks)])
        elif "mask" not in manifest:
            raise InputError(f"{data}: names no masks in a column 'mask'; give them with --masks")
        outlined, counts = _choose(manifest, artifact, count, seed, on_progress)
        measured = list_methods(artifact, methods)
        table, curves, found = _measure_slices(outlined, predictor, *measured, on_progress)
    if table.empty:
        raise InputError(f"{data}: {_tell_none_left(counts)}")
    summary = summarize_methods(table, FIGURES, seed=seed)
    result = {
        "notice": RESEARCH_USE_ONLY,
        "slices": {**counts, "called_tumor": int(table["path"].nunique())},
        "groups": int(table["group"].nunique()),
        "methods": summary,
        # The first call of a method is a slow one.
        "seconds": table.groupby("method", sort=False)["seconds"].median().to_dict(),
        "best_baseline": find_best(summary, "pointing", [x for x in BASELINES if x in summary]),
        "above": compare_methods(table, SHIPPED, FIGURES, seed=seed),
        "curves": {name: np.mean(traces, axis=0).tolist() for name, traces in curves.items()},
    }
    with replace_folder(folder, _COMMAND) as temporary:
        write_table(temporary / TABLE_FILE, table)
        write_table(temporary / REJECTED_FILE, rejected)
        (temporary / "localization.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
        shown = min(_SHOWN, max(len(found) // 2, 1))  # of few slices, none on both sheets
        draw_found(found[::-1][:shown]).save(temporary / "best.png")
        draw_found(found[:shown]).save(temporary / "worst.png")
        write_localization_page(temporary, result)
    name_rejected(folder, rejected)
    if folder.resolve() == (Path(model) / "localization").resolve():
        refresh_report(Path(model))
    return result


def _choose(
    manifest: pd.DataFrame,
    artifact: Path,
    count: int | None,
    seed: int,
    on_progress: ProgressCallback,
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Choose outlined slices that the model does not know, group after group."""
    outlined = manifest[manifest["mask"].notna()]
    # A slice that is unknown by itself may be in one group with a known one that has no outline.
    grouped = manifest[manifest["group"].isin(outlined["group"])]
    codes = compute_file_codes(grouped["path"].tolist(), "looking for training slices", on_progress)
    is_known = find_known(codes, read_known_codes(artifact))
    new = outlined[~outlined["group"].isin(grouped.loc[is_known, "group"])]
    shuffled = new.sample(frac=1, random_state=seed)
    turn = shuffled.groupby("group").cumcount()
    chosen = shuffled.assign(turn=turn).sort_values("turn", kind="stable").head(count or len(new))
    counts = {"outlined": len(outlined), "copies": len(outlined) - len(new), "asked": len(chosen)}
    return chosen, counts


def _tell_none_left(counts: Mapping[str, int]) -> str:
    known = f"{counts['copies']} of {counts['outlined']} outlined slices are left out as known"
    if counts["asked"]:
        return f"{known}, and the model calls none of the others a tumor"
    return f"{known}, which leaves none; give slices that the model has not met"


def _measure_slices(
    outlined: pd.DataFrame,
    predictor: Predictor,
    methods: Mapping[str, Method],
    answer: Answer,
    on_progress: ProgressCallback,
) -> tuple[pd.DataFrame, dict[str, list[np.ndarray]], list[Found]]:
    """Measure all methods on the slices that the model calls a tumor.

    Returns
    -------
    tuple
        A row per slice and method; the insertion and deletion curves of each method; the slices
        that are shown, one of a group, from the worst to the best.
    """
    rows: list[dict[str, Any]] = []
    curves: dict[str, list[np.ndarray]] = {name: [] for name in methods}
    found: list[Found] = []
    groups: set[int] = set()
    answers = answer_slices(predictor, outlined, "measuring maps", on_progress)
    for group, mask, prediction in zip(
        outlined["group"], open_masks(outlined), answers, strict=True
    ):
        if prediction.predicted_class != TUMOR or mask is None:
            continue
        mask_hw = read_mask(mask, *prediction.image.shape[:2])
        if not mask_hw.any():
            raise InputError(f"{prediction.name}: its outline lies outside of the slice")
        for name, figures, traces, evidence_hw in _measure(
            prediction, mask_hw, methods, answer, predictor
        ):
            rows.append({"path": str(prediction.name), "group": group, "method": name, **figures})
            curves[name].append(traces)
            if name == SHIPPED and group not in groups:
                groups.add(group)
                score = figures["average_precision"]
                one = Found(
                    Path(prediction.name).name, prediction.image, mask_hw, evidence_hw, score
                )
                found = _keep_ends([*found, one])
    return pd.DataFrame(rows), curves, found


def _keep_ends(found: list[Found]) -> list[Found]:
    """Sort slices by their score and keep those that are shown; hundreds would fill the memory."""
    ordered = sorted(found, key=lambda one: one.score)
    return ordered[:_SHOWN] + ordered[_SHOWN:][-_SHOWN:]


def _measure(
    prediction: Prediction,
    mask_hw: np.ndarray,
    methods: Mapping[str, Method],
    answer: Answer,
    predictor: Predictor,
) -> list[tuple[str, dict[str, float], np.ndarray, np.ndarray]]:
    """Measure each method on one slice: its figures, its curves and its evidence."""
    prepared, seen = prepare_slice(prediction.image, predictor.spec.preprocessing)
    head = find_head(take_gray(prediction.image))
    measured = []
    for name, method in methods.items():
        started = time.perf_counter()
        cam_hw = method(prepared[np.newaxis])[0]
        seconds = time.perf_counter() - started
        evidence_hw = project_map(cam_hw, seen, prediction.image.shape[:2])
        insertion, deletion = trace_faithfulness(prepared, cam_hw, answer)
        figures = {
            **measure_localization(evidence_hw, mask_hw, seen, head)._asdict(),
            "insertion": measure_area(insertion),
            "deletion": measure_area(deletion),
            "seconds": seconds,
        }
        measured.append((name, figures, np.stack([insertion, deletion]), evidence_hw))
    return measured
