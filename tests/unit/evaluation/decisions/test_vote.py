import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.evaluation.decisions.vote import NOTHING_TO_ASSESS, find_refusal, find_vote

PROBABILITIES = st.lists(st.none() | st.floats(0, 1), max_size=12)


def test_the_best_three_in_a_row_decide():
    assert find_vote([0.9, 0.1, 0.2, 0.8, 0.8, 0.5], range(6)) == pytest.approx(0.7)


def test_one_high_slice_alone_is_averaged_with_its_neighbours():
    assert find_vote([0.0, 0.9, 0.0, 0.0], range(4)) == pytest.approx(0.3)


def test_slices_across_a_gap_are_not_consecutive():
    refused = find_vote([0.9, 0.9, None, 0.9, 0.1, 0.2], range(6))
    assert refused == pytest.approx((0.9 + 0.1 + 0.2) / 3)
    assert find_vote([0.9, 0.9, 0.9, 0.1, 0.2], [0, 1, 3, 4, 5]) == refused


def test_of_fewer_than_three_all_decide_and_of_none_nothing():
    assert find_vote([0.2, 0.4], range(2)) == pytest.approx(0.3)
    assert find_vote([None, None], range(2)) is None
    assert find_vote([], []) is None


@given(PROBABILITIES)
def test_is_the_largest_mean_of_all_windows_listed_one_by_one(probabilities):
    means = {
        width: [
            sum(window) / width
            for start in range(len(probabilities) - width + 1)
            for window in [probabilities[start : start + width]]
            if None not in window
        ]
        for width in (1, 2, 3)
    }
    widest = next((means[width] for width in (3, 2, 1) if means[width]), None)
    vote = find_vote(probabilities, range(len(probabilities)))
    if widest is None:
        assert vote is None
    else:
        assert vote == pytest.approx(max(widest), abs=1e-12)
        assert 0 <= vote <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(0, 8), st.floats(0, 1))
def test_never_falls_where_a_slice_rises(probabilities, at, rise):
    raised = list(probabilities)
    at %= len(raised)
    raised[at] = max(raised[at], rise)
    places = range(len(raised))
    assert find_vote(raised, places) >= find_vote(probabilities, places) - 1e-12


@pytest.mark.parametrize(
    ("assessed", "of", "reason"),
    [
        (0, 0, NOTHING_TO_ASSESS),
        (0, 9, NOTHING_TO_ASSESS),
        (7, 40, "only 7 of 40 slices are assessable"),
        (19, 39, "only 19 of 39 slices are assessable"),
        (20, 40, None),
        (1, 1, None),
    ],
)
def test_less_than_half_is_too_little(assessed, of, reason):
    assert find_refusal(assessed, of) == reason


def test_vote_of_certain_slices_is_a_probability():
    assert find_vote(np.ones(50).tolist(), range(50)) == 1
