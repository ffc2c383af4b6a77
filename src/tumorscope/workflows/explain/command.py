"""Show for some slices of a run what drove the decision."""

import json
from pathlib import Path

import pandas as pd

from tumorscope.dataset.splits import TRAIN, VALIDATION
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES
from tumorscope.explanation.panel import draw_contact_sheet, draw_overlay
from tumorscope.inference.predictor import Predictor
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.recipe import load_recipe
from tumorscope.replacing import check_replaceable, replace_folder
from tumorscope.workflows.evaluate.command import read_run_manifest, refresh_report
from tumorscope.workflows.evaluate.measure import answer_slices

COMMAND, FOLDER = "explain", "explanations"


def explain(
    run: str | Path, count: int = 12, on_progress: ProgressCallback = ignore_progress
) -> Path:
    """Draw heatmaps for slices of the validation part, both classes alike, chosen by the seed.

    A model trained on all slices has no such part: then they are slices that it learned from, and
    the sheet says so.

    Parameters
    ----------
    run
        A run folder.
    count
        Number of slices, each of another group; fewer if there are fewer groups.
    on_progress
        Called after each slice.

    Returns
    -------
    pathlib.Path
        The contact sheet, ``explanations/contact_sheet.png``; the single pictures stand in
        ``explanations/overlays``, box and contour of the regions in ``explanations/regions.json``.

    Raises
    ------
    ArtifactError, InputError
        The folder is no finished run, slices have changed, ``explanations`` holds other files, or
        the count is below 1.
    """
    if count < 1:
        raise InputError(f"--count: expected at least 1, found {count}")
    run = Path(run)
    check_replaceable(run / FOLDER, COMMAND)
    predictor = Predictor.load(run)
    manifest = read_run_manifest(run)
    part = VALIDATION if VALIDATION in set(manifest["split"]) else TRAIN
    seed = load_recipe(run / "recipe.yaml").seed
    chosen = choose_slices(manifest[manifest["split"] == part], count, seed)
    truths = [CLASS_NAMES[label] for label in chosen["label"]]
    scale = predictor.spec.cam_scale
    explanations = []
    regions: dict[str, object] = {}
    with replace_folder(run / FOLDER, COMMAND) as folder:
        (folder / "overlays").mkdir()
        answers = answer_slices(predictor, chosen, "explaining", on_progress)
        for number, (answer, truth) in enumerate(zip(answers, truths, strict=True), start=1):
            explanation = answer.explain(truth)
            draw_overlay(explanation, scale).save(folder / "overlays" / answer.name_picture(number))
            explanations.append(explanation)
            regions[explanation.name] = answer.region and answer.region.describe()
        note = "" if part == VALIDATION else "Slices that the model was trained on. "
        draw_contact_sheet(explanations, scale, note=note).save(folder / "contact_sheet.png")
        document = {"notice": RESEARCH_USE_ONLY, "regions": regions}
        (folder / "regions.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    refresh_report(run)
    return run / FOLDER / "contact_sheet.png"


def choose_slices(manifest: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Choose slices at random, one of a group, as many with as without a tumor if there are.

    >>> slices = pd.DataFrame({"label": [0, 0, 0, 1, 1], "group": [0, 0, 1, 2, 2]})
    >>> choose_slices(slices, count=4, seed=0)["label"].tolist()
    [0, 1, 0]
    """
    shuffled = manifest.sample(frac=1, random_state=seed).drop_duplicates(["label", "group"])
    turn = shuffled.groupby("label").cumcount()
    return shuffled.assign(turn=turn).sort_values(["turn", "label"], kind="stable").head(count)
