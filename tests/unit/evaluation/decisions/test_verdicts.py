import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.evaluation.decisions.conformal import ConformalLimits, predict_sets
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, call_classes, decide_verdicts

SHARES = st.floats(0, 1)


def test_a_probability_at_the_threshold_is_a_tumor():
    called = call_classes([0.0, 0.4999, 0.5, 1.0], threshold=0.5)
    assert called.tolist() == ["no tumor", "no tumor", "tumor", "tumor"]


@pytest.mark.parametrize(
    ("limits", "verdicts"),
    [
        # One class each side, neither in between.
        ((0.3, 0.3), ["no tumor", "no tumor", "tumor", "tumor"]),
        # Both classes in between.
        ((0.7, 0.7), ["no tumor", "uncertain", "uncertain", "tumor"]),
        # The sets say tumor from 0.3 on, the threshold does not before 0.5.
        ((0.2, 0.8), ["no tumor", "uncertain", "tumor", "tumor"]),
        ((1.0, 1.0), ["uncertain"] * 4),
        ((0.0, 0.0), ["no tumor", "no tumor", "tumor", "tumor"]),
    ],
)
def test_a_verdict_is_the_called_class_if_the_set_does_not_hold_the_other(limits, verdicts):
    decided = decide_verdicts([0.1, 0.4, 0.6, 0.9], 0.5, ConformalLimits(*limits))
    assert decided.tolist() == verdicts


@given(st.lists(SHARES, min_size=1), SHARES, SHARES, SHARES)
def test_no_threshold_makes_more_slices_wrong_than_fall_outside_their_sets(
    probabilities, threshold, no_tumor, tumor
):
    limits = ConformalLimits(no_tumor, tumor)
    verdicts = decide_verdicts(probabilities, threshold, limits)
    in_set = predict_sets(probabilities, limits)
    for label, name in enumerate(CLASS_NAMES):
        is_wrong = (verdicts != name) & (verdicts != "uncertain")
        assert not (is_wrong & in_set[:, label]).any()


@given(st.lists(SHARES, min_size=1), SHARES, SHARES, SHARES)
def test_a_certain_verdict_is_the_class_called_by_the_threshold(
    probabilities, threshold, no_tumor, tumor
):
    verdicts = decide_verdicts(probabilities, threshold, ConformalLimits(no_tumor, tumor))
    is_certain = verdicts != "uncertain"
    called = call_classes(probabilities, threshold)
    np.testing.assert_array_equal(verdicts[is_certain], called[is_certain])


@given(st.lists(SHARES, min_size=1), SHARES, SHARES, SHARES, SHARES)
def test_fewer_errors_are_had_for_more_that_is_uncertain(
    probabilities, threshold, no_tumor, tumor, wider
):
    narrow = decide_verdicts(probabilities, threshold, ConformalLimits(no_tumor, tumor))
    wide = ConformalLimits(max(no_tumor, wider), max(tumor, wider))
    is_uncertain = decide_verdicts(probabilities, threshold, wide) == "uncertain"
    assert is_uncertain[narrow == "uncertain"].all()
