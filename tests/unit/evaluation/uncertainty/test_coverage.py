import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.errors import InputError
from tumorscope.evaluation.uncertainty.coverage import measure_coverage, measure_verdicts
from tumorscope.evaluation.uncertainty.proportion import compute_share_interval

LABELS = np.array([0, 0, 1, 1, 1])
SETS = np.array([[1, 0], [0, 1], [1, 1], [0, 1], [0, 0]], bool)
VERDICTS = np.array(["no tumor", "tumor", "uncertain", "tumor", "uncertain"])


def test_coverage_equals_that_worked_out_by_hand():
    coverage = measure_coverage(LABELS, SETS, range(5))
    assert coverage["no_tumor"]["share"] == pytest.approx(1 / 2)
    assert coverage["tumor"]["share"] == pytest.approx(2 / 3)
    assert coverage["tumor"]["interval"] == pytest.approx(compute_share_interval(2, 3))


def test_each_group_counts_once_in_the_coverage_of_a_class():
    coverage = measure_coverage(LABELS, SETS, [0, 0, 0, 1, 1])
    assert coverage["no_tumor"]["groups"] == 1
    assert coverage["no_tumor"]["share"] == pytest.approx(1 / 2)
    assert coverage["no_tumor"]["interval"] == pytest.approx(compute_share_interval(0.5, 1))
    assert coverage["tumor"]["groups"] == 2
    assert coverage["tumor"]["share"] == pytest.approx((1 + 1 / 2) / 2)


def test_a_class_without_slices_has_no_coverage():
    coverage = measure_coverage([1], [[False, True]], [0])
    assert coverage["no_tumor"] == {"groups": 0, "share": None, "interval": None}


def test_verdicts_are_counted_as_by_hand():
    shares = measure_verdicts(LABELS, VERDICTS, range(5))
    assert shares["uncertain"]["share"] == pytest.approx(2 / 5)
    assert shares["wrong_of_certain"]["share"] == pytest.approx(1 / 3)
    assert shares["wrong_of_certain"]["interval"] == pytest.approx(compute_share_interval(1, 3))


def test_each_group_counts_once_among_the_verdicts():
    shares = measure_verdicts(LABELS, VERDICTS, [0, 1, 1, 1, 1])
    assert shares["uncertain"]["share"] == pytest.approx((0 + 2 / 4) / 2)
    # One group has one certain verdict, and it is right; the other two, of which one is wrong.
    assert shares["wrong_of_certain"]["share"] == pytest.approx((0 + 1 / 2) / 2)


def test_without_a_certain_verdict_none_is_wrong_or_right():
    shares = measure_verdicts([0, 1], ["uncertain"] * 2, [0, 1])
    assert shares["uncertain"]["share"] == 1
    assert shares["wrong_of_certain"] == {"groups": 0, "share": None, "interval": None}


@pytest.mark.slow
@given(st.lists(st.tuples(*[st.integers(0, 1)] * 3, st.integers(0, 5)), min_size=1))
def test_figures_are_ready_for_json_and_their_intervals_hold_them(slices):
    labels, first, second, groups = zip(*slices, strict=True)
    names = np.array(["no tumor", "tumor", "uncertain"])
    shares = {
        **measure_coverage(labels, np.stack([first, second], axis=1), groups),
        **measure_verdicts(labels, names[np.add(first, second)], groups),
    }
    assert json.loads(json.dumps(shares, allow_nan=False)) == shares
    for share in shares.values():
        if share["share"] is not None:
            low, high = share["interval"]
            assert 0 <= low <= share["share"] <= high <= 1


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match=r"shape \(N, 2\), found \(2,\)"):
        measure_coverage([0, 1], [True, False], [0, 1])
    with pytest.raises(InputError, match="2 labels and 1 prob"):
        measure_coverage([0, 1], [[True, False]], [0, 1])
    with pytest.raises(InputError, match="2 labels and 1 prob"):
        measure_verdicts([0, 1], ["tumor"], [0, 1])
