import pytest

from tumorscope.report.crossval_rows import (
    Estimate,
    describe_calibration,
    describe_conformal,
    describe_copies,
    describe_figures,
    describe_folds,
    describe_headline_figures,
    describe_operating_points,
)

NAMES = (
    *("accuracy", "balanced_accuracy", "precision", "sensitivity", "specificity"),
    *("f1", "auroc", "average_precision", "brier", "log_loss"),
)


def plain(text: str) -> str:
    """Put a space for a space that does not break, and a hyphen for a dash."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")


def read(estimate: Estimate) -> tuple[str, str]:
    return plain(estimate.value), plain(estimate.interval)


def count(value: float | None, interval: list[float] | None) -> dict:
    return {
        **dict.fromkeys(NAMES, value),
        "intervals": dict.fromkeys(NAMES, interval),
    }


SUMMARY = {**count(0.9125, [0.85, 0.955]), "per_group": count(0.5, None)}


def test_every_figure_stands_with_both_ways_of_counting_and_its_interval():
    rows = {row.name: row for row in describe_figures(SUMMARY)}
    assert len(rows) == 10
    accuracy, auroc = rows["Accuracy"], rows["AUROC"]
    assert read(accuracy.by_slice) == ("91.2 %", "85.0-95.5 %")
    assert read(accuracy.by_group) == ("50.0 %", "")
    assert read(auroc.by_slice) == ("0.912", "0.850-0.955")
    assert [row.name for row in describe_headline_figures(SUMMARY)] == [
        "Accuracy", "Sensitivity (recall)", "Specificity", "Balanced accuracy", "AUROC"
    ]  # fmt: skip


def test_figure_that_is_undefined_is_said_to_be():
    summary = {**count(None, None), "per_group": count(None, None)}
    assert {row.by_slice.value for row in describe_figures(summary)} == {"undefined"}


def test_operating_points_give_the_range_of_their_thresholds():
    thresholds = [
        {"half": 0.5, "youden": 0.31234, "target_sensitivity": 0.1},
        {"half": 0.5, "youden": 0.6, "target_sensitivity": 0.2},
    ]
    metrics = {
        "folds": [{"thresholds": each} for each in thresholds],
        "operating_points": dict.fromkeys(("half", "youden", "target_sensitivity"), SUMMARY),
    }
    rows = describe_operating_points(metrics)
    assert [(row["name"], plain(row["thresholds"])) for row in rows] == [
        ("Half", "0.5"), ("Youden", "0.312-0.6"), ("Target sensitivity", "0.1-0.2")
    ]  # fmt: skip
    assert read(rows[0]["specificity"].by_slice)[1] == "85.0-95.5 %"


def test_calibration_is_told_before_and_after():
    figures = ("expected_calibration_error", "brier", "log_loss")
    rows = describe_calibration(
        {"before": dict.fromkeys(figures, 0.1), "after": dict.fromkeys(figures, 0.05)}
    )
    assert rows[0] == ("Expected calibration error", "0.100", "0.050")
    assert len(rows) == 3


def test_conformal_shares_stand_with_their_groups():
    share = {"groups": 12, "share": 0.95, "interval": [0.8, 0.99]}
    nothing = {"groups": 0, "share": None, "interval": None}
    rows = describe_conformal(
        {
            "coverage": {"no_tumor": share, "tumor": share},
            "verdicts": {"uncertain": share, "wrong_of_certain": nothing},
        }
    )
    assert [(name, plain(value.value), groups) for name, value, groups in rows] == [
        ("Tumor: set holds the truth", "95.0 %", "12 groups"),
        ("No tumor: set holds the truth", "95.0 %", "12 groups"),
        ("Verdict uncertain", "95.0 %", "12 groups"),
        ("Wrong among the other verdicts", "undefined", "0 groups"),
    ]


def test_folds_end_with_their_mean_and_spread():
    fold = {
        "repeat": 1, "fold": 2, "slices": 50, "tumor": 30, "groups": 40, "accuracy": 0.9,
        "sensitivity": 0.8, "specificity": 1.0, "auroc": None, "temperature": 1.25,
        "best_epoch": 3, "epochs": 5,
    }  # fmt: skip
    spread = {"mean": 0.9, "standard_deviation": 0.034}
    names = ("accuracy", "sensitivity", "specificity")
    first, last = describe_folds(
        {"folds": [fold], "across_folds": {**dict.fromkeys(names, spread), "auroc": None}}
    )
    assert [plain(cell) for cell in first] == [
        "1, 2", "50", "30", "40", "90.0 %", "80.0 %", "100.0 %", "undefined", "1.250",
        "epoch 3 of 5",
    ]  # fmt: skip
    assert plain(last[4]) == "90.0 ± 3.4 %"
    assert last[7] == "undefined"
    assert len(first) == len(last)


@pytest.mark.parametrize("slices", [0, 30])
def test_copies_are_warned_of_only_where_there_are_any(slices):
    warning = describe_copies({"copies": {"slices": slices, "of": 120, "share": slices / 120}})
    if slices:
        assert warning is not None
        assert "30 of 120 test slices (25.0 %) have a copy" in plain(warning)
    else:
        assert warning is None
