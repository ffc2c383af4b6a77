"""Evaluations of tables that say more of slices than their labels."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import KNOWN_CODES_FILE, ConformalSpec, SeriesSpec
from tumorscope.artifact.writer import write_artifact
from tumorscope.copies.known import compute_file_codes
from tumorscope.dataset.manifest import read_manifest, write_table
from tumorscope.errors import InputError
from tumorscope.recipe import load_recipe
from tumorscope.workflows.evaluate.breakdown import take_rule
from tumorscope.workflows.evaluate.command import evaluate

pytestmark = [pytest.mark.usefixtures("blank_figures"), pytest.mark.slow]

SLICES = 6


@pytest.fixture
def table(tmp_path):
    """Twelve heads of six slices; those with a tumor are bright in two slices, one but a little."""
    rows = []
    for head in range(12):
        generator = np.random.default_rng(head)
        for at in range(SLICES):
            is_tumor = head % 2 == 1 and at in (2, 3)
            gray_hw = generator.integers(0, 40, (40, 40), np.uint8) + np.uint8(140 * is_tumor)
            path = tmp_path / "slices" / f"{head}-{at}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(gray_hw).save(path)
            rows.append(
                (
                    path, ("no", "yes")[is_tumor], f"P{head}", "a", at,
                    ("axial", "coronal")[head // 6],
                    ("T1", "FLAIR")[head % 4 // 2], (0.002 if at == 2 else 0.05) if is_tumor else 0,
                )
            )  # fmt: skip
    columns = ["path", "label", "patient_id", "series", "slice", "plane", "sequence"]
    table = pd.DataFrame(rows, columns=[*columns, "lesion_share"])
    table.to_csv(tmp_path / "slices.csv", index=False)
    return tmp_path / "slices.csv"


def test_series_and_what_is_known_of_slices_are_measured(tiny_artifact, table, tmp_path):
    out = tmp_path / "results"
    figures = evaluate(tiny_artifact, table, out)["clean"]
    assert (figures["series"]["tumor"], figures["series"]["groups"]) == (6, 12)
    assert figures["series"]["fitted"] == 0
    assert figures["series"]["by"].keys() == {"plane", "sequence"}
    assert figures["series"]["specificity"] == 1
    by = figures["nuisances"]["by"]
    assert by.keys() == {"level", "plane", "sequence", "lesion_share"}
    assert by["level"]["middle fifth"]["tumor"]["count"] == 12 - by["level"]["fourth fifth"][
        "tumor"
    ]["count"]  # fmt: skip
    assert {name: of["tumor"]["count"] for name, of in by["lesion_share"].items()} == {
        "under 0.3 %": 6, "3 % and more": 6
    }  # fmt: skip
    predictions = pd.read_csv(out / "predictions.csv")
    assert predictions["place"].tolist() == list(range(SLICES)) * 12
    assert {"level", "plane", "sequence", "lesion_share", "size"} <= set(predictions)
    assert not [name for name in predictions if name.endswith("of the data")]
    series = pd.read_csv(out / "series.csv")
    assert len(series) == 12
    assert set(series["patient_id"]) == {f"P{head}" for head in range(12)}


def test_columns_of_the_user_stand_beside_ours_of_the_same_name(tiny_artifact, table, tmp_path):
    rows = pd.read_csv(table).assign(level="deep")
    rows.to_csv(table, index=False)
    out = tmp_path / "results"
    evaluate(tiny_artifact, table, out, by=["level", "sequence"])
    predictions = pd.read_csv(out / "predictions.csv")
    assert set(predictions["level of the data"]) == {"deep"}
    assert predictions["level"].between(0, 1).all()
    assert set(predictions["sequence"]) == {"T1", "FLAIR"}
    assert "sequence of the data" not in predictions


def test_a_series_that_is_known_in_part_is_left_out_whole(tiny_artifact, table, tmp_path):
    rows = pd.read_csv(table)
    rows["series"] = rows["patient_id"]
    rows.drop(columns="patient_id").to_csv(table, index=False)  # so each slice is a group
    model = tmp_path / "model"
    shutil.copytree(tiny_artifact, model)
    codes = compute_file_codes([str(tmp_path / "slices" / "1-0.png")], "")
    np.save(model / KNOWN_CODES_FILE, codes)
    write_artifact(model, read_artifact(tiny_artifact))
    metrics = evaluate(model, table, tmp_path / "results")
    assert metrics["copies"] == {"slices": SLICES, "of": 12 * SLICES}
    assert metrics["clean"]["series"]["count"] == 11


def test_another_models_answers_are_divided_by_what_is_known(tiny_artifact, table, tmp_path):
    rows = pd.read_csv(table)
    probabilities = np.where(rows["lesion_share"] > 0.01, 0.9, 0.1)
    rows[["path"]].assign(probability=probabilities).to_csv(tmp_path / "other.csv", index=False)
    out = tmp_path / "results"
    figures = evaluate(tiny_artifact, table, out, predictions=tmp_path / "other.csv")["clean"]
    by = figures["nuisances"]["by"]["lesion_share"]
    assert {name: of["tumor"]["right"] for name, of in by.items()} == {
        "under 0.3 %": 0, "3 % and more": 1
    }  # fmt: skip
    assert "series" not in figures


def test_what_is_no_share_is_an_error_that_leaves_nothing(tiny_artifact, table, tmp_path):
    rows = pd.read_csv(table)
    rows.assign(lesion_share=100 * rows["lesion_share"]).to_csv(table, index=False)
    with pytest.raises(InputError, match=r"from 0 to 1, not '5\.0'"):
        evaluate(tiny_artifact, table, tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_the_validation_part_of_a_run_is_broken_down_by_the_rule_of_its_model(
    tiny_artifact, table, tmp_path
):
    run = tmp_path / "run"
    shutil.copytree(tiny_artifact, run / "model")
    spec = read_artifact(tiny_artifact)
    points = {"half": 0.5, "youden": 0.5, "target_sensitivity": 0.5}
    # Whatever the votes are, they come to nearly 1.
    rule = SeriesSpec(
        slope=0.0, intercept=6.0, operating_points=points, conformal=ConformalSpec(error=0.1),
        no_tumor=9, tumor=9,
    )  # fmt: skip
    write_artifact(run / "model", spec.model_copy(update={"series": rule}))
    (run / "recipe.yaml").write_text(load_recipe("notebook").to_yaml())
    manifest, _ = read_manifest(table)
    is_first = manifest["patient_id"].isin([f"P{head}" for head in range(4)])
    write_table(
        run / "manifest.csv", manifest.assign(split=np.where(is_first, "train", "validation"))
    )
    curves = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy", "seconds"), 0.5)
    pd.DataFrame({"epoch": [1], "phase": ["frozen"], **curves}).to_csv(
        run / "history.csv", index=False
    )
    (run / "report.html").touch()
    metrics = evaluate(run)
    assert (metrics["series"]["count"], metrics["series"]["fitted"]) == (8, 8)
    series = pd.read_csv(run / "evaluation" / "series.csv")
    assert series["probability"].between(0.997, 0.998).all()
    assert metrics == {
        name: value
        for name, value in json.loads((run / "evaluation/metrics.json").read_text()).items()
        if name != "notice"
    }
    page = (run / "report.html").read_text("utf-8")
    assert 'id="series"' in page
    assert 'id="nuisances"' in page


def test_without_a_rule_of_its_own_a_series_is_judged_as_a_slice(tiny_artifact):
    spec = read_artifact(tiny_artifact)
    rule = take_rule(spec)
    assert rule == (spec.threshold, spec.conformal.limits, None)
