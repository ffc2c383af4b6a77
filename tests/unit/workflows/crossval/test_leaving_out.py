"""A cross-validation that leaves out the values of a column, with a stub for the training."""

import json

import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.recipe import load_recipe
from tumorscope.workflows.crossval.command import crossval
from tumorscope.workflows.crossval.fold import find_fold_folder
from tumorscope.workflows.crossval.out_of_fold import read_out_of_fold

pytestmark = pytest.mark.slow

SETTINGS = (
    "data.validation_fraction=0.25", "training.keep=last", "training.early_stopping_patience=null",
)  # fmt: skip


@pytest.fixture
def table(labelled_slices, tmp_path):
    """Slices of two hospitals and of none; patient X has been to both, Y to one and to neither."""
    paths = sorted(labelled_slices.glob("*/*.png"))
    table = pd.DataFrame({"path": paths, "label": [path.parent.name for path in paths]})
    table["site"] = [("A", "B", "")[row % 3] for row in range(len(table))]
    table["patient_id"] = ""
    table.loc[[0, 1], "patient_id"] = "X"
    table.loc[[3, 2], "patient_id"] = "Y"
    for name in (
        "part",
        "probability",
        "reason",
        "place",
        "verdict",
        "fold",
        "left_out",
        "lesion_share",
    ):
        table[name] = "of the user"
    table.to_csv(tmp_path / "slices.csv", index=False)
    return tmp_path / "slices.csv"


@pytest.fixture
def cv(trainer, table, tmp_path):
    return crossval(table, tmp_path / "cv", overrides=SETTINGS, leave_out="site")


def test_nothing_of_what_is_left_out_is_shown_to_its_model(cv, trainer):
    manifest = pd.read_csv(cv / "manifest.csv")
    assert len(trainer.shown) == 2
    for site, shown, guarded in zip("AB", trainer.shown, trainer.guarded, strict=True):
        groups = manifest.loc[manifest["site"] == site, "group"]
        for seen in (shown, guarded):
            assert not seen["group"].isin(groups).any()
        # All others are shown, also those of no hospital.
        assert len(shown) == (~manifest["group"].isin(groups)).sum()
    predictions = pd.read_csv(cv / "predictions.csv")
    assert len(predictions) == (manifest["site"].notna()).sum() == 40
    assert (predictions["left_out"] == predictions["path"].map(
        manifest.set_index("path")["site"]
    )).all()  # fmt: skip


def test_the_validation_part_of_its_own_model_alone_decides(cv):
    scores = pd.read_csv(find_fold_folder(cv, 0, 0) / "predictions.csv")
    own = scores[scores["part"] == "validation"]
    decision = fit_decision(own["label"], own["probability"], own["group"], 0.95, 0.1)
    metrics = json.loads((cv / "metrics.json").read_text())
    assert metrics["folds"][0]["temperature"] == decision.temperature
    assert metrics["left_out"]["values"].keys() == {"A", "B"}
    assert metrics["copies"]["slices"] == 0


def test_its_folds_file_leaves_out_the_same(cv, table, tmp_path):
    again = crossval(table, tmp_path / "again", overrides=SETTINGS, folds_file=cv / "folds.csv")
    assert (again / "predictions.csv").read_bytes() == (cv / "predictions.csv").read_bytes()
    metrics = [json.loads((folder / "metrics.json").read_text()) for folder in (cv, again)]
    assert metrics[0] == metrics[1]


def test_it_goes_on_with_the_same_column_only(cv, table, tmp_path, trainer):
    before = (cv / "predictions.csv").read_bytes()
    trainer.shown.clear()
    crossval(table, cv, overrides=SETTINGS, leave_out="site", resume=True)
    assert (cv / "predictions.csv").read_bytes() == before
    assert trainer.shown == []
    with pytest.raises(InputError, match="was started with --leave-out site"):
        crossval(table, cv, overrides=SETTINGS, leave_out="patient_id", resume=True)
    with pytest.raises(InputError, match="was started with --leave-out site"):
        crossval(table, cv, overrides=SETTINGS, resume=True)
    with pytest.raises(InputError, match="not both"):
        crossval(table, tmp_path / "x", leave_out="site", folds_file=cv / "folds.csv")
    with pytest.raises(InputError, match=r"set data\.split=grouped"):
        crossval(table, tmp_path / "x", overrides=["data.split=random"], leave_out="site")


def test_a_model_of_all_slices_is_decided_by_the_answers_of_what_was_left_out(cv):
    manifest = pd.read_csv(cv / "manifest.csv")
    table = read_out_of_fold(cv, load_recipe("default", SETTINGS), manifest)
    assert len(table) == 40
    assert set(table["left_out"]) == {"A", "B"}
    with pytest.raises(InputError, match="is not among those to train on"):
        read_out_of_fold(cv, load_recipe("default", SETTINGS), manifest[manifest["site"].notna()])
