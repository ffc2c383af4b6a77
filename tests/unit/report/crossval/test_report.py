import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from html_page import Page, assert_needs_nothing_from_elsewhere
from tumorscope.provenance import RESEARCH_USE_ONLY, describe_environment
from tumorscope.recipe import load_recipe
from tumorscope.report.caveats import CROSSVAL_CAVEATS
from tumorscope.report.crossval.report import write_crossval_report
from tumorscope.workflows.crossval.left_out import measure_left_out
from tumorscope.workflows.crossval.metrics import measure_crossval
from tumorscope.workflows.measuring.nuisances import measure_nuisances
from tumorscope.workflows.measuring.series_metrics import measure_series

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def cv(tmp_path):
    """A finished cross-validation of 40 slices in 30 groups, four folds, of a hostile name."""
    folder = tmp_path / f"{HOSTILE[:8]}cv"
    (folder / "figures").mkdir(parents=True)
    labels = np.arange(40) % 30 % 2
    table = pd.DataFrame({"slice": [f"{n:02}.png" for n in range(40)], "label": labels})
    table = table.assign(repeat=0, group=np.arange(40) % 30, fold=np.arange(40) % 30 % 4)
    probabilities = np.where(np.arange(40) % 7 == 0, 1 - labels, labels) * 0.8 + 0.1
    table = table.assign(probability=probabilities, raw_probability=probabilities)
    verdict = np.where(probabilities > 0.5, "tumor", "no tumor")
    points = ("half", "youden", "target_sensitivity")
    table = table.assign(
        **{f"predicted_class_{name}": verdict for name in points},
        conformal_set=verdict,
        verdict=verdict,
    )
    fold = {
        "slices": 10, "tumor": 5, "groups": 8, "accuracy": 0.9, "sensitivity": 0.8,
        "specificity": 1.0, "balanced_accuracy": 0.9, "auroc": 0.95, "temperature": 1.25,
        "best_epoch": 3, "epochs": 5, "thresholds": dict.fromkeys(points, 0.5), "repeat": 0,
        "conformal_limits": {"no_tumor": 0.4, "tumor": 0.4},
    }  # fmt: skip
    recipe = load_recipe("default")
    metrics = measure_crossval(table, [{**fold, "fold": number} for number in range(4)], recipe)
    (folder / "metrics.json").write_text(json.dumps(metrics))
    environment = describe_environment({"data": f"/home/ann/{HOSTILE[8:]}"})
    (folder / "environment.json").write_text(json.dumps(environment))
    (folder / "recipe.yaml").write_text(recipe.to_yaml())
    table.to_csv(folder / "manifest.csv", index=False)
    (folder / "rejected.csv").write_text("path,reason\n/home/ann/a.png,cut short\n")
    for name in ("roc", "reliability", "mistakes"):
        Image.new("L", (8, 8)).save(folder / "figures" / f"{name}.png")
    return folder


@pytest.fixture
def left_out(cv):
    """The same, of two sites that were left out."""
    table = pd.read_csv(cv / "manifest.csv")
    table["left_out"] = np.where(table["group"] % 4 < 2, "<b>A", "B")
    table.loc[table["left_out"] == "B", "verdict"] = "uncertain"
    metrics = json.loads((cv / "metrics.json").read_text())
    metrics["left_out"] = measure_left_out(table)
    (cv / "metrics.json").write_text(json.dumps(metrics))
    environment = json.loads((cv / "environment.json").read_text())
    environment["arguments"]["leave_out"] = "site"
    (cv / "environment.json").write_text(json.dumps(environment))
    return cv


def test_what_was_left_out_comes_first_and_the_worst_before_the_others(left_out):
    text = read_text(left_out)
    assert "each site left out once" in text
    assert text.index("B (worst)") < text.index("<b>A") < text.index("All of them together")
    row = text[text.index("B (worst)") : text.index("<b>A")].split()
    # Slices and groups; no right verdict of either class, all uncertain, none not assessable.
    assert row[2:4] == ["18", "14"]
    assert row.count("0.0") == 3
    assert row[-4:] == ["100.0", "%", "0.0", "%"]
    assert "No scanner beyond these." in text
    assert "No other scanner." not in text
    assert "On its own validation part" in text


def test_a_guess_that_comes_near_is_marked_and_verdicts_stand_by_place(cv):
    table = pd.read_csv(cv / "manifest.csv")
    table["plane"] = np.where(table["label"] == 1, "sagittal", "axial")
    table["sequence"] = np.where(table["group"] % 4 < 2, "T1", "<i>T2")
    metrics = json.loads((cv / "metrics.json").read_text())
    metrics["nuisances"] = measure_nuisances(table)
    (cv / "metrics.json").write_text(json.dumps(metrics))
    text = read_text(cv)
    section = text[text.rindex("Position and source") :]
    assert "plane 1.000 (near)" in section
    assert section.index("sagittal") < section.index("<i>T2")
    assert "(near)" not in section[section.index("sequence") : section.index("all of these")]


def read_page(cv) -> str:
    return write_crossval_report(cv).read_text("utf-8")


def read_text(cv) -> str:
    return Page(read_page(cv)).text


def test_page_loads_nothing_and_says_what_it_is_for(cv):
    page = read_page(cv)
    assert_needs_nothing_from_elsewhere(page, pictures=3)
    assert page.count(RESEARCH_USE_ONLY) >= 2
    assert "default-src 'none'" in page


def test_page_holds_every_section_and_both_ways_of_counting(cv):
    text = read_text(cv)
    for words in (
        "Each slice counts once", "Each group counts once", "40 slices", "30 groups",
        "Expected calibration error", "Target sensitivity", "Verdict uncertain", "mean ± SD",
        "Files that could not be used: 1", "whole groups",
        *(limit.title for limit in CROSSVAL_CAVEATS),
    ):  # fmt: skip
        assert words in text, words


def test_sources_stand_in_a_table_of_their_own_where_there_are_several(cv):
    assert "Sources" not in read_text(cv)
    metrics = json.loads((cv / "metrics.json").read_text())
    metrics["sources"] = {
        "one": {**metrics},
        HOSTILE: {**metrics, "slices": 7, "groups": 5, "per_group": metrics["per_group"]},
    }
    (cv / "metrics.json").write_text(json.dumps(metrics))
    environment = describe_environment({"data": ["/home/ann/one", "/home/ann/two"]})
    (cv / "environment.json").write_text(json.dumps(environment))
    text = read_text(cv)
    assert "7 slices" in text
    assert "5 groups" in text
    assert "one + two" in text
    assert "<script" not in read_page(cv)


@pytest.mark.slow
def test_series_stand_in_a_table_where_the_data_have_any(cv):
    assert "Whole series" not in read_text(cv)
    count = np.arange(20)
    called = np.where(count % 2 == 1, "tumor", "no tumor")
    table = pd.DataFrame(
        {
            "repeat": 0, "series": count.astype(str), "group": count, "label": count % 2,
            "probability": 0.2 + 0.6 * (count % 2), "predicted_class": called, "verdict": called,
            "fitted": True, "assessed": 9, "of": 10, "source": np.where(count < 10, "one", HOSTILE),
        }
    )  # fmt: skip
    metrics = json.loads((cv / "metrics.json").read_text())
    (cv / "metrics.json").write_text(json.dumps({**metrics, "series": measure_series(table)}))
    text = read_text(cv)
    for words in ("Whole series", "source: one", "10 with, 10 without a tumor, of 20 patients"):
        assert words in text, words
    assert "<script" not in read_page(cv)


def test_names_are_never_markup_and_the_path_of_the_data_stays_at_home(cv):
    page = read_page(cv)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    facts = page.partition("<nav")[0]
    assert "/home/ann" not in facts


@pytest.mark.slow
def test_copies_in_training_are_an_alarm(cv):
    assert "Do not believe" not in read_text(cv)
    metrics = json.loads((cv / "metrics.json").read_text())
    metrics["copies"] = {"slices": 12, "of": 40, "share": 0.3}
    (cv / "metrics.json").write_text(json.dumps(metrics))
    assert 'class="notice alarm"' in read_page(cv)
    assert "copies in several folds" in read_text(cv)
    text = read_text(cv)
    assert "12 of 40 test slices (30.0 %) have a copy" in text
    assert "or on a known copy of it" not in text


def test_figure_that_is_missing_is_left_out(cv):
    (cv / "figures" / "mistakes.png").unlink()
    assert read_page(cv).count("<img") == 2
