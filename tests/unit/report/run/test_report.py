import base64
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml

from html_page import Page, assert_needs_nothing_from_elsewhere
from tumorscope.errors import InputError
from tumorscope.evaluation.acceptance import measure_acceptance
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.run.report import write_report
from tumorscope.workflows.explain.localize import FIGURES
from tumorscope.workflows.measuring.nuisances import measure_nuisances
from tumorscope.workflows.measuring.series_metrics import measure_series

HOSTILE = "<script>alert(1)</script>"


def read_page(run):
    return Page(write_report(run).read_text(encoding="utf-8"))


def read_page_with(run, metrics):
    (run / "evaluation" / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    return read_page(run)


def test_the_page_is_written_into_the_run_folder(run):
    before = set(run.rglob("*"))
    assert write_report(run) == run / "report.html"
    assert set(run.rglob("*")) - before == {run / "report.html"}


def test_the_page_needs_nothing_from_elsewhere(run):
    html = write_report(run).read_text(encoding="utf-8")
    assert_needs_nothing_from_elsewhere(html, pictures=7)


def test_the_images_are_those_of_the_run_and_say_what_they_are(run):
    page = read_page(run)
    first = base64.b64decode(page.find("img", "src")[0].split(",")[1])
    assert first == (run / "evaluation" / "roc.png").read_bytes()
    assert {"ROC curve", "reliability diagram"} <= set(page.find("img", "alt"))


def test_alarms_of_the_model_stand_at_the_head_of_the_page(run, metrics):
    assert "never say" not in read_page(run).text  # nor do figures of an older version raise any
    alarms = ["It can never say <tumor>.", "It has collapsed."]
    page = read_page_with(run, {**metrics, "alarms": alarms})
    for alarm in alarms:
        assert page.text.index(alarm) < page.text.index("Dataset")
    assert page.find("p", "role").count("alert") == 2


def test_every_link_leads_to_a_section(run):
    page = read_page(run)
    targets = {target.removeprefix("#") for target in page.find("a", "href")}
    assert targets == set(page.find("section", "id"))


def test_series_and_what_is_known_of_slices_stand_in_tables_where_the_data_have_any(run, metrics):
    plain = read_page_with(run, metrics)
    assert not {"series", "nuisances"} & set(plain.find("section", "id"))
    count = np.arange(20)
    called = np.where(count % 2, "tumor", "no tumor")
    answers = pd.DataFrame(
        {
            "series": count.astype(str), "group": count, "label": count % 2,
            "probability": 0.2 + 0.6 * (count % 2), "predicted_class": called, "verdict": called,
            "fitted": True, "assessed": 9, "of": 10,
            "plane": np.where(count < 10, "axial", HOSTILE),
            "lesion_share": np.where(count % 2, 0.02, 0.0),
        }
    )  # fmt: skip
    further = {"series": measure_series(answers), "nuisances": measure_nuisances(answers)}
    page = read_page_with(run, {**metrics, **further})
    assert {"series", "nuisances"} <= set(page.find("section", "id"))
    assert set(page.find("a", "href")) >= {"#series", "#nuisances"}
    assert "limits that were fitted on these very series" in page.text
    assert "10 with, 10 without a tumor, of 20 patients or groups; 180 of 200 slices" in page.text
    assert "lesion, of the picture 1 to 3 % 10 100.0" in page.text
    assert "<script>alert" not in (run / "report.html").read_text("utf-8")


def test_the_head_says_what_was_trained_and_what_it_may_be_used_for(run):
    text = read_page(run).text
    assert "first run Dataset navoneel Recipe notebook Backbone efficientnetlite0" in text
    assert "Seed 7 Started 2026-01-02 03:04:05 UTC Tumorscope 0.1.0" in text
    assert text.count(RESEARCH_USE_ONLY) == 2


def test_headline_figures_have_their_intervals_by_slices_and_by_groups(run, metrics):
    metrics["intervals"]["accuracy"] = [0.2, 0.9]
    metrics["per_group"]["intervals"]["accuracy"] = [0.1, 0.85]
    text = read_page_with(run, metrics).text
    assert "Accuracy 60.0 % 20.0-90.0 % by groups 50.0 % 10.0-85.0 %" in text
    assert "AUROC 0.833 0.000-1.000 by groups 0.750" in text
    assert "Measured on 5 slices of the validation part" in text
    assert "the more honest count. These slices stand in 4 groups." in text


def test_every_figure_is_in_the_table(run, metrics):
    text = read_page(run).text
    grouped = metrics["per_group"]
    assert f"Log loss {metrics['log_loss']:.3f} 0.228-0.916 {grouped['log_loss']:.3f} 0.227" in text
    assert "AUROC by DeLong 0.833 0.090-0.996 0.750 0.069-0.992 the same area" in text
    assert "2 true positives, 1 false negative, 1 true negative, 1 false positive" in text


def test_what_slices_leave_undefined_or_without_interval_is_called_so(run, metrics):
    for counted in (metrics, metrics["per_group"]):
        counted["specificity"] = counted["intervals"]["specificity"] = None
        counted["intervals"]["f1"] = None
        counted["auroc_delong"] = None
    text = read_page_with(run, metrics).text
    assert "Specificity undefined by groups undefined Balanced accuracy" in text
    assert "F1 0.667 no interval 0.500 no interval harmonic mean" in text
    assert "DeLong" not in text


def test_what_the_guard_accepts_is_told_where_it_was_asked(run, metrics):
    assert "The guard takes" not in read_page(run).text
    metrics["guard"] = measure_acceptance([True] * 4 + [False], [0, 1, 2, 3, 3])
    assert "It refuses 1 of 5 slices" in read_page_with(run, metrics).text


def test_copies_in_training_are_an_alarm_at_the_very_top(run, metrics):
    metrics["copies"]["slices"] = 2
    page = read_page_with(run, metrics)
    assert "notice alarm" in page.find("p", "class")
    start = page.text.index("first run 2 of 5 validation slices have a copy in training:")
    assert start < page.text.index("Dataset navoneel")
    assert "these figures are flattered. Before you believe or quote any, train" in page.text
    assert "known copy in training" not in page.text


def test_no_copies_in_training_are_said_calmly(run):
    page = read_page(run)
    assert "notice alarm" not in page.find("p", "class")
    assert "None of these slices has a known copy in training." in page.text


def test_calibration_is_told_with_the_slices_it_was_fitted_on(run):
    text = read_page(run).text
    assert "It was fitted on these very slices" in text
    # Each slice stands alone in its bin: the error is the mean distance of 0 or 1.
    assert "Expected calibration error 0.350 0.360 Brier score" in text


def test_operating_points_stand_with_what_they_reach_and_one_is_applied(run, metrics):
    metrics["operating_points"]["youden"]["sensitivity"]["interval"] = None
    text = read_page_with(run, metrics).text
    assert "half applied one half, whatever the slices 0.5 50.0 % 1.3-98.7 % 50.0 %" in text
    assert "youden largest sum of sensitivity and specificity 0.65 50.0 % no interval" in text
    assert "sensitivity of at least 95 % 0.3" in text
    assert text.count("applied") == 1


def test_the_share_left_uncertain_is_told_and_why_it_is_large(run):
    text = read_page(run).text
    assert "the true one for at least 90 % of the slices of either class" in text
    assert "so this is no independent check" in text
    assert "Tumor: set holds the truth 50.0 % 1.3-98.7 % 2 groups" in text
    assert "Wrong among the other verdicts" in text
    assert "takes 9 groups of it in the validation part. There are 2 of no tumor and 2" in text


def test_the_data_are_counted_by_part_and_class(run):
    text = read_page(run).text
    assert "Groups train 1 2 3 2 validation 2 3 5 5 all 3 5 8 7" in text
    assert "2 slices have a copy; the largest group has 2." in text
    assert "Groups that cross the split: none." in text
    assert "1 file could not be used." in text


def test_groups_are_those_of_patients_too_where_the_data_name_them(run, manifest, metrics):
    groups = [0, 1, 2, 3, 4, 5, 6, 0]
    manifest.assign(group=groups, patient_id="P1").to_csv(run / "manifest.csv", index=False)
    metrics["copies"]["slices"] = 1
    text = read_page_with(run, metrics).text
    assert "1 of 5 validation slices has a copy, or another slice of the same patient, in" in text
    assert "copies of one another, or of one patient. 2 slices share theirs with another" in text
    assert "Groups that cross the split: 1." in text


def test_data_without_copies_are_called_so(run, manifest):
    manifest.assign(group=range(8)).to_csv(run / "manifest.csv", index=False)
    assert "No slice has a known copy: each is a group of its own." in read_page(run).text


def test_the_training_is_summed_up(run):
    text = read_page(run).text
    assert "2 epochs with the backbone frozen, 1 fine-tuning it, in 1 min 31 s." in text
    assert "Epoch 2 had the lowest validation loss" in text


def test_recipe_model_and_environment_are_listed(run):
    text = read_page(run).text
    assert "general name notebook seed 7" in text
    assert "training epochs 2 early_stopping_patience none" in text
    assert f"files.model.xml {'ab' * 32}" in text
    assert "arguments.overrides seed=7" in text
    assert "packages.numpy 2.4.6" in text


def test_the_limits_are_spelled_out(run):
    text = read_page(run).text
    assert "How to read these numbers" in text
    assert "The temperature, the thresholds and the conformal limits, and with" in text
    assert "For figures without that: tumorscope crossval, or tumorscope evaluate" in text
    assert "not where a tumor ends" in text


def test_figures_out_of_fold_are_called_so_everywhere(run, metrics):
    metrics |= {"part": "out of fold", "folds": 5, "repeats": 2}
    manifest = pd.read_csv(run / "manifest.csv").assign(split="train")
    manifest.to_csv(run / "manifest.csv", index=False)
    predictions = pd.read_csv(run / "evaluation" / "predictions.csv")
    repeats = [predictions.assign(repeat=repeat) for repeat in range(2)]
    pd.concat(repeats).to_csv(run / "evaluation" / "predictions.csv", index=False)
    text = read_page_with(run, metrics).text
    assert "all 5 slices out of fold, by 5 x 2 models of a cross-validation that never" in text
    assert "so it has no held-out figure of its own" in text
    assert "means over 2 repeats; curves, matrix and mistakes show the first" in text
    assert "Grad-CAM on slices that the model was trained on" in text
    assert "Figures of the recipe, not of this model." in text
    assert "validation part" not in text
    assert text.count("uncertain 0.125") == 1


def test_epoch_that_was_kept_is_the_one_that_the_recipe_keeps(run, recipe):
    assert "Epoch 2 had the lowest validation loss and was kept." in read_page(run).text
    recipe["training"]["keep"] = "last"
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    text = read_page(run).text
    assert "Epoch 2 had the lowest validation loss. The last epoch was kept." in text


def test_hostile_names_are_text_and_never_markup(run):
    page = read_page(run)
    assert "script" not in page.tags
    assert "b" not in page.tags
    # Once among the rejected files, once among the mistakes; the slash of its end tag starts
    # the part that is shown.
    assert page.text.count("script>&\"'.jpg") == 2
    assert "<b>truncated</b>" in page.text


def test_a_hostile_run_name_and_recipe_are_escaped_as_well(run):
    hostile = run.rename(run.with_name('"><img src=x onerror=alert(1)>'))
    recipe = hostile / "recipe.yaml"
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("notebook", "'</style><svg onload=alert(1)>'"), "utf-8")
    page = read_page(hostile)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "svg" not in page.tags
    assert len(page.find("img", "src")) == 7


def test_folders_above_the_class_stay_private(run, manifest):
    manifest.iloc[:1].rename(columns={"label_name": "reason"}).to_csv(
        run / "rejected.csv", index=False
    )
    text = read_page(run).text
    assert "yes/0.png" in text
    assert "/slices/yes/0.png" not in text


def test_no_full_path_stands_on_the_page(run):
    environment = json.loads((run / "environment.json").read_text("utf-8"))
    environment["arguments"] |= {"out": "/home/ann/runs/a", "masks": ["/home/ann/masks.json"]}
    (run / "environment.json").write_text(json.dumps(environment), "utf-8")
    reason = "a copy of /home/ann/slices/yes/Y1.jpg, which is read instead"
    rejected = pd.DataFrame({"path": ["/home/ann/slices/yes/Y2.jpg"], "reason": [reason]})
    rejected.to_csv(run / "rejected.csv", index=False)
    page = write_report(run).read_text("utf-8")
    assert "/home/ann" not in page
    for name in ("navoneel", "masks.json", "yes/Y2.jpg", "a copy of Y1.jpg, which"):
        assert name in page


def test_a_long_list_of_rejected_files_is_cut(run):
    many = pd.DataFrame({"path": [f"no/{i}.txt" for i in range(60)], "reason": "not an image"})
    many.to_csv(run / "rejected.csv", index=False)
    text = read_page(run).text
    assert "60 files could not be used." in text
    assert "The first 50 of 60; rejected.csv has all." in text
    assert "no/50.txt" not in text


def test_a_mistake_stands_with_its_verdict(run):
    assert "tumor uncertain 0.125" in read_page(run).text


def test_no_mistakes_and_no_rejected_files_are_said_in_words(run):
    predictions = pd.read_csv(run / "evaluation" / "predictions.csv").assign(correct=True)
    predictions.to_csv(run / "evaluation" / "predictions.csv", index=False)
    (run / "rejected.csv").write_text("path,reason\n", encoding="utf-8")
    text = read_page(run).text
    assert "Every slice was called right." in text
    assert "No file was rejected." in text


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("explanations/contact_sheet.png", "heatmaps. Made by tumorscope explain"),
        ("evaluation/metrics.json", "the figures. Made by tumorscope evaluate"),
        ("evaluation/predictions.csv", "the predictions. Made by tumorscope evaluate"),
        ("evaluation/metrics.json", "the operating points. Made by tumorscope evaluate"),
        ("evaluation/metrics.json", "the verdicts. Made by tumorscope evaluate"),
        ("evaluation/reliability.png", "reliability diagram. Made by tumorscope evaluate"),
        ("evaluation/roc.png", "ROC curve. Made by tumorscope evaluate"),
        ("history.csv", "the training history. Made by tumorscope train"),
        ("manifest.csv", "the list of slices. Made by tumorscope train"),
        ("model/artifact.json", "the model. Made by tumorscope train"),
        ("environment.json", "the record of the environment. Made by tumorscope train"),
    ],
)
def test_a_missing_part_is_named_with_the_command_that_makes_it(run, part, sentence):
    assert f"Missing: {sentence}" not in read_page(run).text
    (run / part).unlink()
    assert f"Missing: {sentence}" in read_page(run).text


def test_a_recipe_alone_makes_a_page_already(tmp_path, run):
    started = tmp_path / "started"
    started.mkdir()
    (run / "recipe.yaml").rename(started / "recipe.yaml")
    text = read_page(started).text
    assert "Backbone efficientnetb0" in text
    assert text.count("Missing: ") == 15


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a run folder, it holds no recipe"):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def localization():
    """What `localize` gives of two methods."""

    def estimate(mean):
        interval = [mean - 0.125, mean + 0.125]
        return {"mean": mean, "interval": interval, "per_group": {"mean": mean + 0.0625,
                                                                  "interval": None}}  # fmt: skip

    def list_figures(mean):
        return {figure: estimate(mean) for figure in FIGURES}

    return {
        "slices": {"outlined": 9, "copies": 1, "asked": 8, "called_tumor": 7},
        "groups": 5,
        "methods": {"shipped": list_figures(0.75), "<center>": list_figures(0.25)},
        "seconds": {"shipped": 0.0091, "<center>": 0.0},
        "best_baseline": "<center>",
        "above": {"<center>": list_figures(0.5)},
    }


class TestLocalization:
    def test_run_that_was_not_measured_says_nothing_of_it(self, run):
        page = read_page(run)
        assert "#localization" not in page.find("a", "href")
        assert "find the lesions" not in page.text

    def test_methods_figures_and_sheets_are_shown(self, run, localization):
        before = len(read_page(run).find("img", "src"))
        (run / "localization").mkdir()
        document = json.dumps(localization)
        (run / "localization" / "localization.json").write_text(document, encoding="utf-8")
        for name in ("curves", "best", "worst"):
            sheet = run / "explanations" / "contact_sheet.png"
            shutil.copy(sheet, run / "localization" / f"{name}.png")
        page = read_page(run)
        assert "#localization" in page.find("a", "href")
        assert "localization" in page.find("section", "id")
        assert len(page.find("img", "src")) == before + 3
        assert "7 slices of 5 groups" in page.text
        assert "(<center>) in the pointing game by 0.50 (0.38 to 0.62)" in page.text
        assert page.text.count("0.75 0.62 to 0.88 0.81") == len(FIGURES)
        assert "0.009" in page.text
