import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from series_scores import draw_heads
from tumorscope.artifact.reader import read_artifact
from tumorscope.dataset.manifest import read_manifest
from tumorscope.dataset.splits import assign_split
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.evaluation.decisions.series import fit_series_decision
from tumorscope.evaluation.decisions.verdicts import decide_verdicts
from tumorscope.evaluation.decisions.vote import calibrate_votes
from tumorscope.recipe import load_recipe
from tumorscope.workflows.crossval.command import crossval
from tumorscope.workflows.crossval.fold import find_fold_folder
from tumorscope.workflows.crossval.out_of_fold import read_out_of_fold
from tumorscope.workflows.crossval.series import answer_for_series
from tumorscope.workflows.measuring.series import name_parts, tabulate_series
from tumorscope.workflows.train.completion import complete_artifact

SETTINGS = load_recipe("default", ["decision.conformal_error=0.2"]).decision


class TestFold:
    @pytest.fixture
    def parts(self):
        return draw_heads(20, 1), draw_heads(60, 2).assign(model=0)

    @pytest.fixture
    def decision(self, parts):
        validation = parts[1]
        return fit_decision(
            validation["label"], validation["probability"], validation["group"], 0.95, 0.2
        )

    def test_rule_is_fitted_on_validation_and_applied_to_the_test_part(self, parts, decision):
        series, rule = answer_for_series(*parts, decision, SETTINGS)
        test, validation = (
            tabulate_series(
                part.assign(probability=apply_temperature(part["probability"], decision[0]))
            )
            for part in parts
        )
        assert rule == fit_series_decision(
            validation["label"], validation["vote"], validation["group"], 0.95, 0.2
        )
        expected = calibrate_votes(test["vote"], rule.slope, rule.intercept)
        np.testing.assert_allclose(series["probability"], expected)
        threshold = rule.get_threshold(SETTINGS.operating_point)
        verdicts = decide_verdicts(expected, threshold, rule.limits)
        assert series["verdict"].tolist() == verdicts.tolist()
        assert series["fitted"].all()

    def test_test_part_has_no_say_in_the_rule(self, parts, decision):
        test, validation = parts
        other = test.assign(label=1 - test["label"], probability=1 - test["probability"])
        first, second = (
            answer_for_series(part, validation, decision, SETTINGS)[1] for part in (test, other)
        )
        assert first == second

    def test_with_too_few_series_slices_decide_and_it_is_said(self, parts, decision):
        test, validation = parts
        few = validation[validation["series"].isin([f"2/{head}" for head in range(7)])]
        series, rule = answer_for_series(test, few, decision, SETTINGS)
        assert rule is None
        assert not series["fitted"].any()
        assert series["probability"].tolist() == series["vote"].tolist()
        threshold = decision.get_threshold(SETTINGS.operating_point)
        verdicts = decide_verdicts(series["vote"], threshold, decision.limits)
        assert series["verdict"].tolist() == verdicts.tolist()

    def test_less_than_half_of_a_series_is_not_assessable(self, parts, decision):
        test, validation = parts
        lost = (test["series"] == "1/3") & test["place"].between(1, 6)
        gone = test["series"] == "1/4"
        reasons = test["reason"].mask(lost | gone, "unlike")
        series, _ = answer_for_series(test.assign(reason=reasons), validation, decision, SETTINGS)
        third, fourth = (series.set_index("series").loc[name] for name in ("1/3", "1/4"))
        assert third["reason"] == f"only {third['assessed']} of 10 slices are assessable"
        assert fourth["reason"] == "no slice of the series is assessable"
        assert third["verdict"] == fourth["verdict"] == "not assessable"
        assert pd.isna([third["probability"], fourth["probability"]]).all()
        assert pd.isna([third["predicted_class"], fourth["vote"]]).all()

    def test_series_that_get_no_verdict_have_no_say_in_the_rule(self, parts, decision):
        test, validation = parts
        _, rule = answer_for_series(test, validation, decision, SETTINGS)
        odd = draw_heads(1, 3).assign(model=0, reason="unlike", label=1)
        odd.loc[3, "reason"] = None
        _, other = answer_for_series(test, pd.concat([validation, odd]), decision, SETTINGS)
        assert other == rule

    def test_parts_are_named_by_the_first_slice(self, parts, decision):
        test, validation = parts
        series, _ = answer_for_series(test, validation, decision, SETTINGS)
        known = pd.DataFrame({"patient_id": test["series"] + "!", "level": 0.5})
        named = name_parts(series, known.set_axis(test["path"]))
        assert named.columns[:2].tolist() == ["series", "patient_id"]
        assert (named["patient_id"] == named["series"] + "!").all()
        assert "path" not in named


@pytest.mark.slow
class TestCrossvalidation:
    """Heads of six slices, of which the first is nearly black."""

    @pytest.fixture
    def table(self, tmp_path):
        generator = np.random.default_rng(4)
        rows = []
        for head in range(24):
            for number in range(6):
                gray_hw = np.zeros((40, 40), np.uint8)
                side = 6 if number == 0 else 36
                gray_hw[:side, :side] = generator.integers(100, 256, (side, side))
                path = tmp_path / "slices" / f"{head}-{10 * head + 3 + number}.png"
                path.parent.mkdir(exist_ok=True)
                Image.fromarray(gray_hw).save(path)
                label = "yes" if head % 2 and number in (2, 3) else "no"
                sequence = "T1" if head % 4 < 2 else "FLAIR"
                rows.append((path.relative_to(tmp_path), label, f"P{head}", sequence, 2 * number))
        columns = ["path", "label", "patient_id", "sequence", "slice"]
        pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "slices.csv", index=False)
        return tmp_path / "slices.csv"

    @pytest.fixture
    def cv(self, trainer, table, tmp_path):  # noqa: ARG002 - stands in for the training
        overrides = ["data.validation_fraction=0.4", "decision.conformal_error=0.3"]
        return crossval(table, tmp_path / "cv", folds=3, overrides=overrides)

    def test_every_series_is_answered_once_with_what_is_known_of_it(self, cv):
        series = pd.read_csv(cv / "series.csv")
        assert sorted(series["series"]) == sorted(
            f"P{head}/{'T1' if head % 4 < 2 else 'FLAIR'}" for head in range(24)
        )
        assert series.columns.tolist() == [
            "repeat", "fold", "series", "patient_id", "sequence", "group", "label", "vote",
            "assessed", "of", "probability", "predicted_class", "verdict", "reason", "fitted",
        ]  # fmt: skip
        assert (series["label"] == series["patient_id"].str[1:].astype(int) % 2).all()
        assert (series["of"] == 5).all()  # the black slice shows no brain
        assert (series["assessed"] == 4).all()  # and the fifth is refused by the guard
        assert series["fitted"].all()

    def test_slices_say_where_they_stand_and_the_guard_keeps_its_own_reasons(self, cv):
        fold = pd.read_csv(find_fold_folder(cv, 0, 0) / "predictions.csv")
        number = fold["path"].str.extract(r"-(\d+)\.png$")[0].astype(int) % 10 - 3
        assert (fold["place"] == number).all()
        assert (fold["little_brain"] == (number == 0)).all()
        assert set(fold["reason"].dropna()) == {"unlike"}
        assert (fold["reason"].notna() == (number == 4)).all()

    def test_figures_are_those_of_the_table(self, cv):
        series = pd.read_csv(cv / "series.csv")
        metrics = json.loads((cv / "metrics.json").read_text())
        figures = metrics["series"]
        assert (figures["count"], figures["tumor"], figures["fitted"]) == (24, 12, 24)
        right = (series["verdict"] == "tumor")[series["label"] == 1].mean()
        assert figures["right_verdicts"]["tumor"]["right"] == pytest.approx(right)
        assert figures["by"].keys() == {"sequence"}
        assert figures["by"]["sequence"]["T1"]["count"] == 12
        assert [fold["series"]["tumor"] > 0 for fold in metrics["folds"]] == [True] * 3
        assert "Whole series" in (cv / "report.html").read_text("utf-8")

    def test_left_out_values_have_their_own_figures(self, trainer, table, tmp_path):  # noqa: ARG002
        overrides = ["data.validation_fraction=0.4", "decision.conformal_error=0.3"]
        cv = crossval(table, tmp_path / "out", overrides=overrides, leave_out="sequence")
        by = json.loads((cv / "metrics.json").read_text())["series"]["by"]
        assert by["left_out"] == by["sequence"]
        assert by["left_out"]["FLAIR"]["count"] == 12

    @pytest.mark.parametrize("crosses", [True, False])
    def test_model_gets_a_rule_from_series_that_it_was_not_trained_on(
        self,
        trainer,  # noqa: ARG002 - stands in for the training
        table,
        tiny_artifact,
        tmp_path,
        crosses,
    ):
        overrides = [
            "data.validation_fraction=0.4", "decision.conformal_error=0.3", "training.keep=last",
            "training.early_stopping_patience=null",
        ]  # fmt: skip
        recipe = load_recipe("default", overrides)
        manifest, _ = read_manifest(table)
        out_of_fold = None
        if crosses:
            cv = crossval(table, tmp_path / "cv", folds=3, overrides=overrides)
            out_of_fold = read_out_of_fold(cv, recipe, manifest)
            manifest = manifest.assign(split="train")
        else:
            manifest = assign_split(manifest, recipe.data, recipe.seed)
        held_back = manifest[manifest["split"] == ("train" if crosses else "validation")]
        preprocessing = read_artifact(tiny_artifact).preprocessing
        small = recipe.model_copy(update={"preprocessing": preprocessing})
        model = tmp_path / "model"
        model.mkdir()
        for name in ("model.xml", "model.bin"):
            shutil.copy(tiny_artifact / name, model / name)
        complete_artifact(model, small, manifest, 0, out_of_fold, lambda *_: None)
        rule = read_artifact(model).series
        tumors = held_back.groupby("series")["label"].max()
        assert (rule.tumor, rule.no_tumor) == (tumors.sum(), (1 - tumors).sum())
        assert rule.conformal.error == 0.3
        card = (model / "MODEL_CARD.md").read_text("utf-8")
        assert f"Whole series: fitted on {tumors.sum()} series with" in card
