import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.assessment import assess_decisions
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.conformal import ConformalLimits

LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])
RAW = np.array([0.1, 0.2, 0.3, 0.8, 0.4, 0.7, 0.8, 0.9])
GROUPS = np.array([0, 0, 1, 2, 3, 4, 4, 5])


def assess(applied="half", thresholds=None, probabilities=RAW):
    return assess_decisions(
        LABELS,
        RAW,
        probabilities,
        GROUPS,
        thresholds or {"half": 0.5, "low": 0.35},
        applied,
        ConformalLimits(0.35, 0.65),
    )


def test_operating_points_are_counted_by_group():
    points = assess()["operating_points"]
    assert points["half"]["specificity"]["share"] == pytest.approx(2 / 3)
    assert points["half"]["sensitivity"] == {
        "groups": 3,
        "share": pytest.approx(2 / 3),
        "interval": pytest.approx([0.094, 0.992], abs=1e-3),
    }
    assert points["low"]["sensitivity"]["share"] == 1


def test_the_applied_point_decides_the_figures():
    assert assess()["accuracy"] == 6 / 8
    assert assess("low")["accuracy"] == 7 / 8
    assert assess("low")["threshold"] == 0.35


def test_calibration_is_measured_before_and_after():
    calibration = assess(probabilities=apply_temperature(RAW, 2.0))["calibration"]
    assert calibration["before"]["brier"] == pytest.approx(np.mean((RAW - LABELS) ** 2))
    assert calibration["after"]["brier"] != calibration["before"]["brier"]


def test_coverage_and_verdicts_follow_the_limits():
    assessment = assess()
    assert assessment["coverage"]["no_tumor"]["share"] == pytest.approx(2 / 3)
    assert assessment["coverage"]["tumor"]["share"] == 1
    # 0.4 is called "no tumor" and could be one; 0.8 of a slice without a tumor is wrong.
    assert assessment["verdicts"]["uncertain"]["share"] == pytest.approx(1 / 6)
    assert assessment["verdicts"]["wrong_of_certain"]["share"] == pytest.approx(1 / 5)


def test_repeats_are_averaged_and_each_group_counts_once_over_all_of_them():
    limits = ConformalLimits(0.35, 0.65)
    reversed_ = RAW[::-1]

    def assess_repeats(probabilities):
        return assess_decisions(
            LABELS, probabilities, probabilities, GROUPS, {"half": 0.5}, "half", limits
        )

    right, wrong, both = map(assess_repeats, (RAW, reversed_, np.stack([RAW, reversed_])))
    assert both["slices"] == 8
    assert both["groups"] == 6
    assert both["accuracy"] == (right["accuracy"] + wrong["accuracy"]) / 2
    assert assess_repeats(RAW[np.newaxis]) == right
    for get in (
        lambda figures: figures["calibration"]["after"]["brier"],
        lambda figures: figures["calibration"]["after"]["expected_calibration_error"],
        lambda figures: figures["operating_points"]["half"]["sensitivity"]["share"],
        lambda figures: figures["coverage"]["no_tumor"]["share"],
        lambda figures: figures["verdicts"]["uncertain"]["share"],
    ):
        assert get(both) == pytest.approx((get(right) + get(wrong)) / 2)
    assert both["coverage"]["tumor"]["groups"] == 3


def test_threshold_that_is_no_probability_is_an_input_error():
    with pytest.raises(InputError, match="threshold"):
        assess(thresholds={"half": 1.5})
