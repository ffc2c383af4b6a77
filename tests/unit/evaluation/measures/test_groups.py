import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import (
    check_grouped_scores,
    check_groups,
    count_independent_pairs,
    weigh_groups,
)

GROUPS = st.lists(st.integers(-3, 8), min_size=1, max_size=30)


@given(GROUPS)
def test_the_weights_of_every_group_add_up_to_one(groups):
    weights = weigh_groups(groups)
    for group in set(groups):
        assert weights[np.array(groups) == group].sum() == pytest.approx(1)


@given(GROUPS)
def test_groups_are_numbered_without_gaps_and_stay_apart(groups):
    numbers = check_groups(groups, len(groups))
    assert sorted(set(numbers)) == list(range(len(set(groups))))
    same = np.equal.outer(groups, groups)
    assert np.array_equal(np.equal.outer(numbers, numbers), same)


def test_groups_may_have_names():
    assert check_groups(["b", "a", "b"], 3).tolist() == [1, 0, 1]


@pytest.mark.parametrize("groups", [[0, 1], [[0, 1, 2]], 0])
def test_groups_of_another_shape_are_refused(groups):
    with pytest.raises(InputError, match="one group for each of 3 slices"):
        check_groups(groups, 3)


def test_a_slice_without_a_group_is_refused():
    with pytest.raises(InputError, match="slice 1 has no group"):
        check_groups([0.0, np.nan, 1.0], 3)
    with pytest.raises(InputError, match="slice 0 has no group"):
        weigh_groups(np.array([None, "a"], dtype=object))


def test_scores_of_one_repeat_get_their_axis():
    scores = check_grouped_scores([0, 1], [0.2, 0.7], 0.5, ["x", "y"])
    assert scores.probabilities.tolist() == [[0.2, 0.7]]
    assert scores.groups.tolist() == [0, 1]


def test_repeats_are_checked_like_any_scores():
    with pytest.raises(InputError, match="probabilities must lie within"):
        check_grouped_scores([0, 1], [[0.2, 0.7], [0.2, 1.7]], 0.5, [0, 1])
    with pytest.raises(InputError, match="2 labels and 3 probabilities"):
        check_grouped_scores([0, 1], [[0.2, 0.7, 0.1]], 0.5, [0, 1])
    with pytest.raises(InputError, match="probabilities must be numbers"):
        check_grouped_scores([0, 1], [[0.2, 0.7], [0.2]], 0.5, [0, 1])
    with pytest.raises(InputError, match="at least one repeat"):
        check_grouped_scores([0, 1], np.empty((0, 2)), 0.5, [0, 1])


def find_most_disjoint_pairs(labels, groups):
    """Match by trying every group with a tumor slice against every other without one."""

    def match(free):
        best = 0
        for positive in free:
            for negative in free:
                if positive != negative and (positive, 1) in members and (negative, 0) in members:
                    best = max(best, 1 + match(free - {positive, negative}))
        return best

    members = set(zip(groups, labels, strict=True))
    return match(frozenset(groups))


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=1, max_size=12))
def test_independent_pairs_are_as_many_as_can_be_matched(members):
    groups, labels = (np.array(column) for column in zip(*members, strict=True))
    assert count_independent_pairs(labels, groups) == find_most_disjoint_pairs(
        labels.tolist(), groups.tolist()
    )
