import copy
import functools
import json

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from tumorscope.auditing.copies import find_conflicts, find_overlap
from tumorscope.auditing.findings import Findings
from tumorscope.evaluation.assessment import assess_decisions
from tumorscope.evaluation.decisions.conformal import ConformalLimits

pytest.register_assert_rewrite("html_page")  # so that a failing page is shown with its values

FIGURES = ("history", "confusion_matrix", "roc", "precision_recall", "reliability", "mistakes")
HOSTILE = "yes/<script>alert(1)</script>&\"'.jpg"


@pytest.fixture
def metrics():
    """What `evaluate` writes about five slices in four groups."""
    return {"part": "validation", **assess(), "copies": {"slices": 0, "of": 5}}


def assess():
    """Measure five slices: three tumors, of which two are copies of one another."""
    return copy.deepcopy(_assess())


@functools.cache
def _assess():
    return assess_decisions(
        [0, 0, 1, 1, 1],
        [0.1, 0.7, 0.3, 0.8, 0.95],
        [0.2, 0.6, 0.4, 0.7, 0.9],
        [0, 1, 2, 3, 3],
        {"half": 0.5, "youden": 0.65, "target_sensitivity": 0.3},
        "half",
        ConformalLimits(no_tumor=0.62, tumor=0.55),
    )


@pytest.fixture
def manifest():
    return pd.DataFrame(
        {
            "path": [f"/home/ann/slices/yes/{index}.png" for index in range(8)],
            "label": [0, 0, 1, 1, 1, 0, 1, 1],
            "label_name": ["no", "no", "yes", "yes", "yes", "no", "yes", "yes"],
            "sha256": [f"{index:064x}" for index in range(8)],
            "width": 200,
            "height": 220,
            "group": [0, 1, 2, 3, 4, 5, 6, 6],
            "split": ["validation"] * 5 + ["train"] * 3,
        }
    )


@pytest.fixture
def recipe():
    return {
        "name": "notebook",
        "seed": 7,
        "model": {"backbone": "efficientnetb0", "weights": "imagenet", "dropout": 0.5},
        "training": {"epochs": 2, "early_stopping_patience": None},
        "decision": {
            "operating_point": "half",
            "target_sensitivity": 0.95,
            "conformal_error": 0.1,
        },
    }


@pytest.fixture
def artifact():
    return {
        "backbone": "efficientnetlite0",
        "weights": "imagenet",
        "heatmap": "Grad-CAM",
        "temperature": 1.25,
        "operating_points": {"half": 0.5, "youden": 0.45, "target_sensitivity": 0.3},
        "operating_point": "half",
        "conformal": {"error": 0.1, "no_tumor": 0.62, "tumor": 0.55},
        "files": {"model.xml": "ab" * 32},
        "fingerprint": "cd" * 32,
    }


@pytest.fixture
def run(tmp_path, metrics, manifest, recipe, artifact):
    """A finished run folder with a hostile file name in each of its tables."""
    folder = tmp_path / "first run"
    for part in ("evaluation", "explanations", "model"):
        (folder / part).mkdir(parents=True)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    environment = {
        "tumorscope": "0.1.0",
        "started": "2026-01-02T03:04:05+00:00",
        "arguments": {"data": "/home/ann/slices/navoneel", "overrides": ["seed=7"]},
        "packages": {"numpy": "2.4.6"},
    }
    write_json(folder / "environment.json", environment)
    write_json(folder / "model" / "artifact.json", artifact)
    write_json(folder / "evaluation" / "metrics.json", metrics)
    manifest.to_csv(folder / "manifest.csv", index=False)
    rejected = pd.DataFrame({"path": [HOSTILE], "reason": ["<b>truncated</b>"]})
    rejected.to_csv(folder / "rejected.csv", index=False)
    make_history().to_csv(folder / "history.csv", index=False)
    make_predictions().to_csv(folder / "evaluation" / "predictions.csv", index=False)
    for name in FIGURES:
        write_image(folder / "evaluation" / f"{name}.png")
    write_image(folder / "explanations" / "contact_sheet.png")
    return folder


def make_history():
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "phase": ["frozen", "frozen", "fine_tune"],
            "loss": [0.7, 0.5, 0.4],
            "accuracy": [0.6, 0.7, 0.8],
            "val_loss": [0.6, 0.4, 0.5],
            "val_accuracy": [0.6, 0.8, 0.7],
            "learning_rate": [1e-4, 1e-4, 1e-5],
            "seconds": [30.0, 30.0, 31.0],
        }
    )


def make_predictions():
    return pd.DataFrame(
        {
            "path": ["no/a.png", HOSTILE, "yes/c.png"],
            "label": [0, 1, 1],
            "label_name": ["no", "yes", "yes"],
            "probability": [0.2, 0.125, 0.9],
            "raw_probability": [0.1, 0.05, 0.95],
            "predicted_class": ["no tumor", "no tumor", "tumor"],
            "correct": [True, False, True],
            "verdict": ["no tumor", "uncertain", "tumor"],
            "group": [1, 2, 3],
        }
    )


def write_json(path, content):
    path.write_text(json.dumps(content), encoding="utf-8")


def write_image(path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(path)


@pytest.fixture(scope="session")
def make_findings():
    """Make the findings of an audit from the group of each slice."""

    def make(groups, folders=None, labels=None, kinds=None, paths=None, outliers=None):
        count = len(groups)
        labels = labels or ["yes"] * count
        is_first = ~pd.Series(groups).duplicated()
        representatives = pd.Series(groups).map({g: groups.index(g) for g in groups})
        slices = pd.DataFrame(
            {
                "folder": folders or ["data"] * count,
                "path": paths or [f"{label}/{row}.png" for row, label in enumerate(labels)],
                "label_name": labels,
                "sha256": [f"{row:064}" for row in range(count)],
                "width": 200,
                "height": 100,
                "shape": 2.0,
                "brightness": 60.0,
                "contrast": 50.0,
                "group": groups,
                "kind": kinds or np.where(is_first, "original", "flipped+rescaled"),
                "through": representatives,
                "correlation": np.where(is_first, 1.0, 0.95 - 0.001 * np.arange(count)),
            }
        )
        names = list(dict.fromkeys(slices["folder"]))
        return Findings(
            names=names,
            slices=slices,
            rejected=pd.DataFrame(columns=["folder", "path", "reason"]),
            outliers=outliers or {},
            conflicts=find_conflicts(slices),
            overlap=find_overlap(slices, names),
        )

    return make


@pytest.fixture(scope="session")
def draw_slice():
    """Draw a slice for a row of findings, 200 x 100 px."""

    def draw(row):
        image = np.full((100, 200, 3), 30, np.uint8)
        image[20:80, 40:160] = (row * 7) % 200 + 40
        return image

    return draw


@pytest.fixture
def two_folders(make_findings):
    """Groups: 0 of three in both folders with two labels, 1 of two, 2 and 3 alone."""
    return make_findings(
        [0, 0, 0, 1, 1, 2, 3],
        folders=["a", "a", "b", "a", "a", "a", "b"],
        labels=["yes", "no", "yes", "yes", "yes", "no", "no"],
        outliers={3: "light background", 4: "light background", 6: "40 % of it is in color"},
    )
