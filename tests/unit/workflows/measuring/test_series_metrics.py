import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.evaluation.right_verdicts import measure_right_verdicts
from tumorscope.workflows.measuring.series_metrics import measure_series


@pytest.fixture
def series():
    """Forty series of thirty patients; four are not assessable and six uncertain."""
    rng = np.random.default_rng(0)
    patients = np.arange(40) % 30
    labels = patients % 2
    probabilities = 1 / (1 + np.exp(-(2 * labels - 1 + rng.normal(0, 1, 40))))
    called = np.where(probabilities >= 0.4, "tumor", "no tumor").astype(object)
    verdicts = called.copy()
    verdicts[4:10] = "uncertain"
    verdicts[:4], called[:4], probabilities[:4] = "not assessable", None, np.nan
    return pd.DataFrame(
        {
            "repeat": 0, "series": [f"s{number}" for number in range(40)], "group": patients,
            "label": labels, "probability": probabilities, "predicted_class": called,
            "verdict": verdicts, "fitted": np.arange(40) < 30,
            "source": np.where(patients < 12, "one", "two"), "plane": "axial",
            "assessed": 9, "of": np.where(patients < 12, 10, 12),
        }
    )  # fmt: skip


def test_classes_are_of_what_is_assessable_and_verdicts_of_all(series):
    figures = measure_series(series)
    some = series[4:]
    assert figures["auroc"] == pytest.approx(roc_auc_score(some["label"], some["probability"]))
    called = some["predicted_class"] == "tumor"
    assert figures["sensitivity"] == pytest.approx(called[some["label"] == 1].mean())
    assert figures["specificity"] == pytest.approx((~called)[some["label"] == 0].mean())
    for name in ("auroc", "sensitivity", "specificity"):
        low, high = figures["intervals"][name]
        assert low <= figures[name] <= high
    assert figures["right_verdicts"] == measure_right_verdicts(
        series["label"], series["verdict"], series["group"]
    )
    assert figures["per_group"].keys() == {"auroc", "sensitivity", "specificity", "intervals"}


def test_counts_and_shares_are_by_patient(series):
    figures = measure_series(series)
    assert (figures["count"], figures["groups"]) == (40, 30)
    assert (figures["tumor"], figures["no_tumor"]) == (20, 20)
    assert (figures["answers"], figures["assessable"], figures["fitted"]) == (40, 36, 30)
    assert figures["slices"] == {"assessed": 360, "of": series["of"].sum()}
    refused = (series["verdict"] == "not assessable").groupby(series["group"]).mean().mean()
    assert figures["not_assessable"]["share"] == pytest.approx(refused)
    assert figures["not_assessable"]["groups"] == 30


def test_each_repeat_answers_and_each_series_is_one(series):
    figures = measure_series(pd.concat([series, series.assign(repeat=1)]))
    assert (figures["count"], figures["answers"]) == (40, 80)
    assert figures["auroc"] == pytest.approx(measure_series(series)["auroc"])


def test_columns_with_several_values_divide_the_series(series):
    figures = measure_series(series)
    assert figures["by"].keys() == {"source"}
    two = measure_series(series[series["source"] == "two"])
    del two["by"]
    assert figures["by"]["source"]["two"] == two


def test_one_class_and_nothing_assessable_leave_figures_out(series):
    healthy = measure_series(series[series["label"] == 0])
    assert healthy["auroc"] is None
    assert healthy["specificity"] is not None
    assert healthy["right_verdicts"]["tumor"] is None
    none = measure_series(series[:4])
    assert none["auroc"] is none["specificity"] is none["per_group"]["auroc"] is None
    assert none["not_assessable"]["share"] == 1
    json.dumps([healthy, none], allow_nan=False)
