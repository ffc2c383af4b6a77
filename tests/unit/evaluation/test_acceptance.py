import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.errors import InputError
from tumorscope.evaluation.acceptance import measure_acceptance, measure_guard
from tumorscope.evaluation.uncertainty.exact import compute_exact_interval
from tumorscope.evaluation.uncertainty.proportion import measure_share


def test_copies_that_are_refused_together_weigh_by_slices_and_not_by_groups():
    accepted = np.array([False] * 10 + [True] * 30)
    groups = np.array([0] * 10 + list(range(1, 31)))
    found = measure_acceptance(accepted, groups)
    assert (found["slices"], found["refused"], found["share"]) == (40, 10, 0.75)
    assert found["per_group"] == measure_share(accepted, groups)
    low, high = found["interval"]
    # One group decides, so that the interval is far wider than that of 40 independent slices.
    assert high - low > 0.35


@pytest.mark.parametrize("accepted", [True, False])
def test_all_or_none_has_the_exact_interval_of_the_groups(accepted):
    found = measure_acceptance([accepted] * 30, np.arange(30) // 3)
    assert found["interval"] == compute_exact_interval(float(accepted), 10)


@pytest.mark.slow
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=30))
def test_shares_lie_within_their_intervals(slices):
    accepted, groups = zip(*slices, strict=True)
    found = measure_acceptance(accepted, groups, resamples=100)
    assert found["share"] == pytest.approx(np.mean(accepted))
    for share in (found, found["per_group"]):
        if share["interval"] is not None:
            assert 0 <= share["interval"][0] <= share["interval"][1] <= 1


def test_no_slice_is_an_input_error():
    with pytest.raises(InputError, match="at least one slice"):
        measure_acceptance([], [])


def test_guard_that_was_not_asked_is_not_measured():
    answers = pd.DataFrame({"group": [0, 1], "reason": [None, "unlike"]})
    assert measure_guard(answers)["guard"]["refused"] == 1
    assert measure_guard(answers.drop(columns="reason")) == {}
