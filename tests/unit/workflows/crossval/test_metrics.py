import numpy as np
import pandas as pd
import pytest

from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.reliability import compute_calibration_error
from tumorscope.evaluation.summary import summarize_scores
from tumorscope.recipe import load_recipe
from tumorscope.workflows.crossval.answers import read_fold
from tumorscope.workflows.crossval.fold import find_fold_folder
from tumorscope.workflows.crossval.metrics import (
    count_copies,
    measure_crossval,
    stack_repeats,
)

RECIPE = load_recipe("default", ["decision.conformal_error=0.2", "decision.operating_point=youden"])


def draw_scores(count: int, seed: int) -> pd.DataFrame:
    """Overconfident scores of slices in groups of two."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) // 2 % 2
    logits = 2 * (2 * labels - 1 + rng.normal(0, 1.5, count))
    return pd.DataFrame(
        {
            "path": [f"/d/{seed}-{number}.png" for number in range(count)],
            "label": labels,
            "label_name": np.where(labels == 1, "yes", "no"),
            "group": 1000 * seed + np.arange(count) // 2,
            "probability": 1 / (1 + np.exp(-logits)),
        }
    )


@pytest.fixture
def cv(tmp_path):
    """Two repeats of two trained folds; the second repeat divides the same slices anew."""
    slices = pd.concat([draw_scores(60, 1), draw_scores(60, 2)], ignore_index=True)
    for repeat in range(2):
        for fold in range(2):
            folder = find_fold_folder(tmp_path, repeat, fold)
            folder.mkdir(parents=True)
            test = slices[(slices.index // (60 if repeat == 0 else 4)) % 2 == fold]
            parts = {"validation": draw_scores(50, 10 + 2 * repeat + fold), "test": test}
            table = pd.concat(part.assign(part=name) for name, part in parts.items())
            table.to_csv(folder / "predictions.csv", index=False)
            history = {"epoch": [1, 2, 3], "phase": ["frozen", "frozen", "fine_tune"]}
            pd.DataFrame({**history, "val_loss": [0.5, 0.3, 0.4], "seconds": 1.0}).to_csv(
                folder / "history.csv", index=False
            )
    return tmp_path


@pytest.fixture
def results(cv):
    return [
        read_fold(cv, repeat, fold, range(2), RECIPE.decision)
        for repeat in range(2)
        for fold in range(2)
    ]


@pytest.fixture
def predictions(results) -> pd.DataFrame:
    table = pd.concat([result.answers for result in results], ignore_index=True)
    return table.assign(slice=table["path"].str.removeprefix("/d/"))


def test_slices_that_a_fold_tests_decide_nothing_where_another_fold_validated_on_them(cv, results):
    path = find_fold_folder(cv, 1, 1) / "predictions.csv"
    tested = results[2].answers
    wrong = tested.assign(part="validation", probability=1 - tested["label"])
    pd.concat([pd.read_csv(path), wrong]).to_csv(path, index=False)
    again = read_fold(cv, 1, 0, range(2), RECIPE.decision)
    pd.testing.assert_frame_equal(again.answers, tested)


def test_fold_answers_by_what_the_validation_parts_of_all_folds_decide(cv, results):
    scores, other = (
        pd.read_csv(find_fold_folder(cv, 1, fold) / "predictions.csv") for fold in range(2)
    )
    test = scores[scores["part"] == "test"]
    validation = pd.concat([table[table["part"] == "validation"] for table in (scores, other)])
    decision = fit_decision(
        validation["label"], validation["probability"], validation["group"], 0.95, 0.2
    )
    answers, figures, _ = results[2]
    assert (answers["repeat"] == 1).all()
    np.testing.assert_allclose(answers["raw_probability"], test["probability"])
    calibrated = apply_temperature(test["probability"], decision.temperature)
    np.testing.assert_allclose(answers["probability"], calibrated)
    for name in ("half", "youden", "target_sensitivity"):
        called = calibrated >= decision.get_threshold(name)
        assert (answers[f"predicted_class_{name}"] == np.where(called, "tumor", "no tumor")).all()
    is_certain = answers["verdict"] != "uncertain"
    assert 0 < is_certain.sum() < len(answers)
    certain = answers[is_certain]
    assert (certain["verdict"] == certain["conformal_set"]).all()
    assert (certain["verdict"] == certain["predicted_class_youden"]).all()
    assert (figures["temperature"], figures["epochs"], figures["best_epoch"]) == (
        decision.temperature, 3, 2
    )  # fmt: skip
    metrics = compute_metrics(test["label"], calibrated, 0.5)
    assert figures["auroc"] == pytest.approx(metrics["auroc"])
    assert (figures["slices"], figures["groups"], figures["validation_slices"]) == (60, 30, 50)


def test_sets_are_named_by_what_they_hold(results):
    answers, figures, _ = results[0]
    limits, probabilities = figures["conformal_limits"], answers["probability"]
    no_tumor, tumor = probabilities <= limits["no_tumor"], 1 - probabilities <= limits["tumor"]
    expected = np.select(
        [no_tumor & tumor, no_tumor, tumor], ["both", "no tumor", "tumor"], default="none"
    )
    assert answers["conformal_set"].tolist() == expected.tolist()
    assert len(set(expected)) > 1


def test_summary_is_that_of_calibrated_probabilities_of_all_repeats(results, predictions):
    metrics = measure_crossval(predictions, [result.figures for result in results], RECIPE)
    ordered = predictions.sort_values(["repeat", "slice"])
    labels, groups = (ordered[name].to_numpy()[:120] for name in ("label", "group"))
    calibrated, raw = (
        ordered[name].to_numpy().reshape(2, 120) for name in ("probability", "raw_probability")
    )
    summary = summarize_scores(labels, calibrated, 0.5, groups)
    assert {name: metrics[name] for name in summary} == summary
    before = metrics["calibration"]["before"]
    errors = [compute_calibration_error(labels, repeat) for repeat in raw]
    assert before["expected_calibration_error"] == pytest.approx(np.mean(errors))
    assert before["brier"] == compute_metrics(labels, raw, 0.5)["brier"]
    after = metrics["calibration"]["after"]
    assert after["expected_calibration_error"] < before["expected_calibration_error"]


def test_operating_points_are_measured_with_the_thresholds_of_each_fold(results, predictions):
    metrics = measure_crossval(predictions, [result.figures for result in results], RECIPE)
    point = metrics["operating_points"]["target_sensitivity"]
    tumor = predictions[predictions["label"] == 1]
    found = (tumor["predicted_class_target_sensitivity"] == "tumor").mean()
    assert point["sensitivity"] == pytest.approx(found)
    low, high = point["intervals"]["sensitivity"]
    assert low < found < high
    assert point["per_group"].keys() == {*point} - {"per_group"}


def test_coverage_counts_each_group_once_over_all_repeats(results, predictions):
    metrics = measure_crossval(predictions, [result.figures for result in results], RECIPE)
    assert metrics["conformal_error"] == 0.2
    tumor = predictions[predictions["label"] == 1]
    held = tumor["conformal_set"].isin(("tumor", "both")).groupby(tumor["group"]).mean().mean()
    assert metrics["coverage"]["tumor"]["share"] == pytest.approx(held)
    assert metrics["coverage"]["tumor"]["groups"] == tumor["group"].nunique()


@pytest.mark.slow
def test_spread_is_over_folds_and_none_where_one_has_no_figure(results, predictions):
    folds = [result.figures for result in results]
    spread = measure_crossval(predictions, folds, RECIPE)["across_folds"]
    values = [fold["auroc"] for fold in folds]
    assert spread["auroc"] == {
        "mean": pytest.approx(np.mean(values)),
        "standard_deviation": pytest.approx(np.std(values, ddof=1)),
    }
    folds[1]["auroc"] = None
    assert measure_crossval(predictions, folds, RECIPE)["across_folds"]["auroc"] is None


def test_copies_are_slices_whose_group_stands_in_several_folds_of_a_repeat():
    table = pd.DataFrame(
        {
            "repeat": [0, 0, 0, 0, 1, 1, 1, 1],
            "fold": [0, 0, 1, 1, 0, 1, 1, 1],
            "group": [7, 8, 7, 9, 7, 8, 7, 9],
        }
    )
    assert count_copies(table) == {"slices": 4, "of": 8, "share": 0.5}


def test_stacked_repeats_list_the_slices_in_one_order():
    table = pd.DataFrame(
        {"repeat": [1, 0, 0, 1], "slice": ["a", "b", "a", "b"], "value": [10, 2, 1, 20]}
    )
    assert stack_repeats(table, "value").tolist() == [[1, 2], [10, 20]]
