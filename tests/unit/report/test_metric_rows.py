import pytest

from tumorscope.dataset.splits import OUT_OF_FOLD
from tumorscope.evaluation.acceptance import measure_acceptance
from tumorscope.report.figure_rows import Estimate
from tumorscope.report.metric_rows import (
    describe_calibration,
    describe_copies,
    describe_counts,
    describe_delong,
    describe_guard,
    describe_measurement,
    describe_operating_points,
    describe_share,
    describe_too_few,
)

DECISION = {"operating_point": "youden", "target_sensitivity": 0.9, "conformal_error": 0.5}


def test_cells_of_the_confusion_matrix_are_counted(metrics):
    assert describe_counts(metrics) == (
        "2 true positives, 1 false negative, 1 true negative, 1 false positive"
    )


def test_counts_of_repeats_are_means(metrics):
    metrics["counts"] |= {"true_positive": 2.5, "false_negative": 1.0}
    assert describe_counts({**metrics, "repeats": 2}) == (
        "2.5 true positives, 1 false negative, 1 true negative, 1 false positive "
        "(means of 2 repeats)"
    )


def test_measurement_says_which_slices_and_by_whom(metrics):
    assert describe_measurement(metrics) == "Measured on 5 slices of the validation part"
    out_of_fold = {**metrics, "part": OUT_OF_FOLD, "folds": 5, "repeats": 2}
    assert describe_measurement(out_of_fold) == (
        "Measured on all 5 slices out of fold, by 5 x 2 models of a cross-validation that never "
        "saw the slice or a known copy of it; the model itself was trained on all slices, so it "
        "has no held-out figure of its own"
    )
    out_of_fold["copies"] = {"slices": 1, "of": 10}
    assert "that never saw the slice; the" in describe_measurement(out_of_fold)


def test_copies_are_warned_of_only_where_there_are_any():
    def describe(slices: int, part: str = "validation", names_patients: bool = False):
        metrics = {"part": part, "copies": {"slices": slices, "of": 50}}
        return describe_copies(metrics, names_patients)

    assert describe(0, names_patients=True) is None
    assert describe(9) == (
        "9 of 50 validation slices have a copy in training: these figures are flattered."
    )
    assert describe(9, OUT_OF_FOLD).startswith("9 of 50 test slices have a copy in training")
    warning = describe(1, names_patients=True)
    assert "has a copy, or another slice of the same patient, in training" in warning


def test_delong_gives_the_standard_error_by_slices_and_by_groups(metrics):
    (row,) = describe_delong(metrics)
    assert (row.by_slice.interval, row.by_group.value) == ("0.090\N{EN DASH}0.996", "0.750")
    assert "0.278 by slices, 0.354 by groups" in row.meaning


def test_perfect_order_leaves_delong_without_a_standard_error(metrics):
    for counted in (metrics, metrics["per_group"]):
        counted["auroc_delong"] = {"value": 1.0, "standard_error": None, "low": 0.5, "high": 1.0}
    (row,) = describe_delong(metrics)
    assert row.by_group == Estimate("1.000", "0.500\N{EN DASH}1.000")
    assert "no standard error" in row.meaning


def test_too_few_groups_leave_nothing_of_delong(metrics):
    metrics["per_group"]["auroc_delong"] = None
    assert describe_delong(metrics) == []


def test_calibration_is_told_before_and_after(metrics):
    metrics["calibration"]["before"] = {"expected_calibration_error": 0.25, "brier": 0.5}
    assert describe_calibration(metrics) == [
        ("Expected calibration error", "0.250", "0.360"),
        ("Brier score", "0.500", "0.172"),
    ]


def test_operating_points_are_all_listed_and_one_is_applied(metrics):
    rows = describe_operating_points(metrics, DECISION)
    assert [row.name for row in rows if row.is_applied] == ["youden"]
    assert [row.threshold for row in rows] == ["0.5", "0.65", "0.3"]
    assert rows[2].aim.startswith("highest with a sensitivity of at least 90")
    assert rows[1].specificity.value == "100.0\N{NO-BREAK SPACE}%"


def test_a_share_of_nothing_is_undefined_and_has_no_interval():
    share = {"groups": 0, "share": None, "interval": None}
    assert describe_share(share) == Estimate("undefined", "")
    share = {"groups": 30, "share": 1.0, "interval": [0.8842, 1.0]}
    percent = "\N{NO-BREAK SPACE}%"
    assert describe_share(share) == Estimate(f"100.0{percent}", f"88.4\N{EN DASH}100.0{percent}")


@pytest.mark.parametrize(
    ("groups", "end"),
    [
        ({"no_tumor": 8, "tumor": 8}, "8 of no tumor and 8 of tumor, so that neither is ever"),
        ({"no_tumor": 9, "tumor": 8}, "There are 8 of tumor, so that this class is never"),
    ],
)
def test_classes_of_too_few_groups_are_named(groups, end):
    coverage = {name: {"groups": count} for name, count in groups.items()}
    said = describe_too_few({"part": "validation", "coverage": coverage}, 0.1)
    assert said.startswith("To rule a class out takes 9 groups of it in the validation part.")
    assert end in said
    said = describe_too_few({"part": OUT_OF_FOLD, "coverage": coverage}, 0.1)
    assert said.startswith("To rule a class out takes 9 groups of it out of fold.")


def test_enough_groups_of_both_classes_are_nothing_to_tell():
    metrics = {"coverage": {name: {"groups": 9} for name in ("no_tumor", "tumor")}}
    assert describe_too_few(metrics, 0.1) is None


def test_guard_is_told_with_both_ways_of_counting(metrics):
    assert describe_guard(metrics) is None
    metrics["guard"] = measure_acceptance([True] * 4 + [False], [0, 1, 2, 3, 3])
    said = describe_guard(metrics).replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("The guard takes 80.0 % of these slices for brain MRI slices (")
    assert "each of 4 groups counting once 87.5 % (" in said
    assert "It refuses 1 of 5 slices:" in said
    assert "all figures count them" in said
    metrics |= {"part": OUT_OF_FOLD, "repeats": 2}
    assert describe_guard(metrics).startswith("The guard, in each fold fitted on its training part")
    assert "It refuses 1 of 5 answers:" in describe_guard(metrics)
