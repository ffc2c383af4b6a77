import pytest

from tumorscope.report.crossval.rows import (
    describe_calibration,
    describe_copies,
    describe_folds,
    describe_operating_points,
)

POINT = {
    "sensitivity": 0.9125,
    "specificity": 0.9125,
    "intervals": {"sensitivity": [0.85, 0.955], "specificity": [0.85, 0.955]},
}


def plain(text: str) -> str:
    """Put a space for a space that does not break, and a hyphen for a dash."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")


def test_operating_points_give_the_range_of_their_thresholds():
    thresholds = [
        {"half": 0.5, "youden": 0.31234, "target_sensitivity": 0.1},
        {"half": 0.5, "youden": 0.6, "target_sensitivity": 0.2},
    ]
    metrics = {
        "folds": [{"thresholds": each} for each in thresholds],
        "operating_points": {
            name: {**POINT, "per_group": POINT} for name in ("half", "youden", "target_sensitivity")
        },
    }
    rows = describe_operating_points(metrics)
    assert [(row["name"], plain(row["thresholds"])) for row in rows] == [
        ("Half", "0.5"), ("Youden", "0.312-0.6"), ("Target sensitivity", "0.1-0.2")
    ]  # fmt: skip
    assert plain(rows[0]["specificity"].by_slice.interval) == "85.0-95.5 %"


def test_calibration_is_told_before_and_after():
    figures = ("expected_calibration_error", "brier", "log_loss")
    rows = describe_calibration(
        {"before": dict.fromkeys(figures, 0.1), "after": dict.fromkeys(figures, 0.05)}
    )
    assert rows[0] == ("Expected calibration error", "0.100", "0.050")
    assert len(rows) == 3


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
