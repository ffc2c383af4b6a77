import shutil

import numpy as np
import pandas as pd
import pytest

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.dataset.manifest import read_manifest
from tumorscope.errors import InputError, RecipeError
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.recipe import load_recipe
from tumorscope.workflows.crossval.out_of_fold import (
    check_keeps_last,
    decide_out_of_fold,
    measure_out_of_fold,
    read_out_of_fold,
)
from tumorscope.workflows.evaluate.command import evaluate
from tumorscope.workflows.train.completion import complete_artifact

SETTINGS = ("training.keep=last", "training.early_stopping_patience=null")
RECIPE = load_recipe("default", SETTINGS)

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("blank_figures")]


@pytest.fixture
def cv(copy_finished):
    """A finished cross-validation: three folds, two repeats."""
    return copy_finished(folds=3, repeats=2, overrides=SETTINGS)


@pytest.fixture(scope="session")
def manifest(labelled_slices):
    return read_manifest(labelled_slices)[0].assign(split="train")


class TestRecipe:
    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("training.keep=best", "to choose an epoch by: expected training.keep=last, found be"),
            ("training.early_stopping_patience=3", "patience=null, found 3"),
        ],
    )
    def test_recipe_that_needs_a_validation_loss_is_refused(self, override, message):
        check_keeps_last(RECIPE)
        with pytest.raises(RecipeError, match=message):
            check_keeps_last(load_recipe("default", [*SETTINGS, override]))

    @pytest.mark.parametrize(
        ("override", "message"),
        [
            ("seed=9", "made with seed=0, and this training has 9"),
            ("training.batch_size=7", r"made with training\.batch_size=\d+, and .* has 7"),
            ("decision.target_sensitivity=0.95000001", r"has 0\.95000001"),
        ],
    )
    def test_setting_that_differs_is_named(self, cv, manifest, override, message):
        with pytest.raises(RecipeError, match=message):
            read_out_of_fold(cv, load_recipe("default", [*SETTINGS, override]), manifest)


class TestSlices:
    def test_every_slice_has_its_answers_and_its_own_path(self, cv, manifest):
        table = read_out_of_fold(cv, RECIPE, manifest)
        assert len(table) == 120
        for _, rows in table.groupby("repeat"):
            assert sorted(rows["path"]) == sorted(manifest["path"])
        predictions = pd.read_csv(cv / "predictions.csv")
        merged = table.merge(predictions, on=["repeat", "path"], suffixes=("", "_then"))
        assert (merged["raw_probability"] == merged["raw_probability_then"]).all()
        assert (merged["label"] == merged["label_then"]).all()

    def test_slices_that_moved_are_found_by_their_bytes(self, cv, manifest):
        moved = manifest.assign(path=[f"/moved/{number}.png" for number in range(len(manifest))])
        expected = read_out_of_fold(cv, RECIPE, manifest)
        paths = pd.Series(moved["path"].to_numpy(), manifest["path"])
        expected["path"] = expected["path"].map(paths)
        pd.testing.assert_frame_equal(read_out_of_fold(cv, RECIPE, moved), expected)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda table: table.iloc[1:], r"no/0\.png is not among those to train on"),
            (
                lambda table: table.assign(sha256=table["sha256"].where(table.index > 0, "f" * 64)),
                r"no/0\.png is not among its slices",
            ),
            (lambda table: pd.concat([table, table.iloc[:1]]), r"no/0\.png is not among its sl"),
            (lambda table: table.assign(label=1), r"no/0\.png has another label now"),
        ],
    )
    def test_other_slices_are_refused(self, cv, manifest, change, message):
        with pytest.raises(InputError, match=message):
            read_out_of_fold(cv, RECIPE, change(manifest))

    def test_other_outlines_are_refused_with_the_slice_they_are_of(self, cv, manifest):
        def outline(table):
            is_outlined = table["label"] == 1
            return table.assign(
                mask=np.where(is_outlined, "mask.png", None),
                lesion_share=np.where(is_outlined, 1 / 3, 0.0),
            )

        ours = outline(manifest)
        outline(pd.read_csv(cv / "manifest.csv")).to_csv(cv / "manifest.csv", index=False)
        assert len(read_out_of_fold(cv, RECIPE, ours)) == 120
        row = ours.index[ours["path"].str.endswith("yes/3.png")]
        for share in (0.25, np.nan):
            other = ours.copy()
            other.loc[row, "lesion_share"] = share
            with pytest.raises(InputError, match=r"another outline of .*yes/3\.png, or without"):
                read_out_of_fold(cv, RECIPE, other)

    def test_cross_validation_of_an_older_version_knows_no_reasons(self, cv, manifest):
        assert read_out_of_fold(cv, RECIPE, manifest)["reason"].notna().sum() == 12
        answers = pd.read_csv(cv / "predictions.csv").drop(columns="reason")
        answers.to_csv(cv / "predictions.csv", index=False)
        table = read_out_of_fold(cv, RECIPE, manifest)
        assert "reason" not in table
        spec = ArtifactSpec(
            recipe="", backbone="", weights="", preprocessing=RECIPE.preprocessing, cam_scale=1,
            fingerprint="",
        )  # fmt: skip
        assert "guard" not in measure_out_of_fold(decide_out_of_fold(table, spec), spec)

    def test_unfinished_cross_validation_is_refused(self, cv, manifest):
        (cv / "predictions.csv").unlink()
        with pytest.raises(InputError, match="not a finished cross-validation"):
            read_out_of_fold(cv, RECIPE, manifest)


class TestDecision:
    @pytest.fixture
    def model(self, cv, manifest, tiny_artifact, tmp_path):
        """An artifact completed as that of a model trained on all slices."""
        folder = tmp_path / "run" / "model"
        folder.mkdir(parents=True)
        for name in ("model.xml", "model.bin"):
            shutil.copy(tiny_artifact / name, folder / name)
        small = RECIPE.model_copy(
            update={"preprocessing": read_artifact(tiny_artifact).preprocessing}
        )
        table = read_out_of_fold(cv, RECIPE, manifest)
        complete_artifact(folder, small, manifest, 0, table, lambda *_: None)
        return folder

    def test_it_is_fitted_on_the_raw_answers_of_all_repeats(self, cv, model, manifest):
        table = read_out_of_fold(cv, RECIPE, manifest)
        expected = fit_decision(
            table["label"],
            table["raw_probability"],
            table["group"],
            RECIPE.decision.target_sensitivity,
            RECIPE.decision.conformal_error,
        )
        spec = read_artifact(model)
        assert spec.temperature == expected.temperature
        assert spec.threshold == expected.get_threshold(RECIPE.decision.operating_point)
        assert spec.conformal.limits == expected.limits
        decided = decide_out_of_fold(table, spec)
        np.testing.assert_allclose(
            decided["probability"],
            apply_temperature(table["raw_probability"].to_numpy(), expected.temperature),
        )
        assert (
            decided["correct"] == ((decided["predicted_class"] == "tumor") == decided["label"])
        ).all()

    def test_figures_are_means_over_repeats_and_the_card_says_whose(self, cv, model, manifest):
        spec = read_artifact(model)
        decided = decide_out_of_fold(read_out_of_fold(cv, RECIPE, manifest), spec)
        metrics = measure_out_of_fold(decided, spec)
        assert (metrics["part"], metrics["folds"], metrics["repeats"]) == ("out of fold", 3, 2)
        assert (metrics["slices"], metrics["groups"]) == (60, 56)
        assert metrics["accuracy"] == pytest.approx(decided["correct"].mean())
        assert metrics["copies"]["slices"] == 0
        assert metrics["guard"]["refused"] == 12
        card = " ".join((model / "MODEL_CARD.md").read_text("utf-8").split())
        assert "The guard, in each fold fitted on its training part, takes 90.0 % of these" in card
        assert "all 60 slices out of fold, by 3 x 2 models of a cross-validation" in card
        assert f"| Accuracy | {100 * metrics['accuracy']:.1f} % |" in card

    def test_evaluation_of_its_run_is_that_of_the_cross_validation(self, cv, model, manifest):
        run = model.parent
        manifest.to_csv(run / "manifest.csv", index=False)
        table = read_out_of_fold(cv, RECIPE, manifest)
        table.to_csv(run / "out_of_fold.csv", index=False)
        history = {"epoch": [1], "phase": "frozen", "loss": 0.5, "accuracy": 0.5}
        pd.DataFrame({**history, "val_loss": np.nan, "val_accuracy": np.nan}).to_csv(
            run / "history.csv", index=False
        )
        metrics = evaluate(run)
        spec = read_artifact(model)
        assert metrics == measure_out_of_fold(decide_out_of_fold(table, spec), spec)
        predictions = pd.read_csv(run / "evaluation" / "predictions.csv")
        assert predictions.groupby("repeat").size().tolist() == [60, 60]
        assert (run / "evaluation" / "history.png").exists()
