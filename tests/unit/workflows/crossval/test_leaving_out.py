"""A cross-validation that leaves out the values of a column, with a stub for the training."""

import json

import pandas as pd
import pytest

from series_scores import draw_heads
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.recipe import load_recipe
from tumorscope.workflows.crossval.answers import read_fold
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


class TestRuleOfSeries:
    """Three sites of ten heads each; in the third all votes are near one half."""

    @pytest.fixture
    def cv(self, tmp_path):
        heads = [draw_heads(10, seed).assign(site=site) for site, seed in enumerate((1, 2, 3))]
        heads[2]["probability"] = 0.5 + heads[2]["probability"] / 100
        slices = pd.concat(heads, ignore_index=True)
        for fold in range(3):
            tests = slices["site"] == fold
            # Of each other site two heads are held back for validation: one without a tumor.
            is_held_back = ~tests & slices["series"].str.contains("/[01]$")
            table = pd.concat(
                [slices[is_held_back].assign(part="validation"), slices[tests].assign(part="test")]
            )
            folder = find_fold_folder(tmp_path, 0, fold)
            folder.mkdir(parents=True)
            table.assign(label_name="").to_csv(folder / "predictions.csv", index=False)
            history = {"epoch": [1], "phase": ["frozen"], "val_loss": [0.5], "seconds": [1.0]}
            pd.DataFrame(history).to_csv(folder / "history.csv", index=False)
        return tmp_path

    @pytest.fixture
    def settings(self):
        return load_recipe("default", ["decision.conformal_error=0.12"]).decision

    def test_is_fitted_on_what_other_folds_tested_as_validation_has_too_few(self, cv, settings):
        alone = read_fold(cv, 0, 0, [], settings, is_left_out=True)
        assert alone.figures["series"] is None
        assert not alone.series["fitted"].any()
        fold = read_fold(cv, 0, 0, range(3), settings, is_left_out=True)
        assert fold.series["fitted"].all()
        # Of two sites ten heads each, four of them by three models: 20 + 8.
        assert fold.figures["series"]["no_tumor"] + fold.figures["series"]["tumor"] == 28

    def test_slices_are_decided_by_the_model_itself_alone(self, cv, settings):
        alone, fold = (
            read_fold(cv, 0, 0, folds, settings, is_left_out=True) for folds in ([], range(3))
        )
        pd.testing.assert_frame_equal(alone.answers, fold.answers)

    def test_nothing_of_what_is_left_out_has_a_say(self, cv, settings):
        before = read_fold(cv, 0, 0, range(3), settings, is_left_out=True).figures["series"]
        for other in (1, 2):  # a patient of the first site, under another path
            path = find_fold_folder(cv, 0, other) / "predictions.csv"
            scores = pd.read_csv(path)
            of_first = scores["site"] == 0
            assert of_first.any()
            scores.loc[of_first, "label"] = 1 - scores.loc[of_first, "label"]
            scores.loc[of_first, "path"] = "elsewhere" + scores.loc[of_first, "path"]
            scores.to_csv(path, index=False)
        after = read_fold(cv, 0, 0, range(3), settings, is_left_out=True).figures["series"]
        assert after == before
