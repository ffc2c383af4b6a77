from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.operating_points import NAMES, choose_operating_points
from tumorscope.evaluation.measures.groups import weigh_groups
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.recipe import OperatingPointName

# Coarse probabilities, so that many are equal.
COARSE = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
SLICES = st.lists(
    st.tuples(st.integers(0, 1), COARSE | st.floats(0, 1), st.integers(0, 8)),
    min_size=2,
    max_size=30,
).filter(lambda slices: len({label for label, _, _ in slices}) == 2)


def choose(labels, probabilities, groups=None, target=0.95):
    groups = np.arange(len(labels)) if groups is None else groups
    points = choose_operating_points(labels, probabilities, groups, target)
    return {point.name: point for point in points}


def test_points_equal_those_worked_out_by_hand():
    points = choose([0, 0, 1, 0, 1, 1], [0.1, 0.3, 0.4, 0.6, 0.8, 0.9], target=0.6)
    assert tuple(points) == NAMES
    assert points["half"] == pytest.approx(("half", 0.5, 2 / 3, 2 / 3))
    # 0.35 finds all three tumors at one false alarm, 0.7 finds two at none: equally good.
    assert points["youden"] == pytest.approx(("youden", 0.35, 1, 2 / 3))
    assert points["target_sensitivity"] == pytest.approx(("target_sensitivity", 0.7, 2 / 3, 1))


def test_separated_classes_are_divided_in_the_middle_of_the_gap():
    points = choose([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9])
    assert points["youden"].threshold == points["target_sensitivity"].threshold == 0.4
    assert points["youden"][2:] == (1, 1)


def test_a_target_that_needs_the_lowest_probability_lies_below_it():
    assert choose([1, 0, 1], [0.2, 0.5, 0.8])["target_sensitivity"][1:] == (0.1, 1, 0)
    assert choose([1, 0, 1], [0.0, 0.5, 0.8])["target_sensitivity"][1:] == (0, 1, 0)


def test_equal_probabilities_stay_together():
    points = choose([0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5])
    assert {point[2:] for point in points.values()} == {(1, 0)}


def test_neighbours_with_no_number_between_them_are_still_divided():
    low = 0.3
    high = np.nextafter(low, 1)
    assert choose([0, 1], [low, high])["youden"] == ("youden", high, 1, 1)


def test_each_group_counts_once():
    # By slices 3 of 4 tumors lie above 0.6; by groups that is one of two.
    labels, probabilities = [1, 1, 1, 1, 0], [0.9, 0.9, 0.9, 0.2, 0.6]
    groups = [0, 0, 0, 1, 2]
    assert choose(labels, probabilities, target=0.75)["target_sensitivity"].threshold == 0.75
    by_group = choose(labels, probabilities, groups, target=0.75)["target_sensitivity"]
    assert by_group == ("target_sensitivity", 0.1, 1, 0)
    assert choose(labels, probabilities, groups)["half"].sensitivity == pytest.approx(1 / 2)


@pytest.mark.slow
@given(SLICES, st.floats(0.01, 1))
def test_reported_rates_are_those_of_the_metrics(slices, target):
    labels, probabilities, groups = zip(*slices, strict=True)
    for point in choose_operating_points(labels, probabilities, groups, target):
        assert 0 <= point.threshold <= 1
        metrics = compute_metrics(labels, probabilities, point.threshold, weigh_groups(groups))
        assert point.sensitivity == pytest.approx(metrics["sensitivity"])
        assert point.specificity == pytest.approx(metrics["specificity"])


@pytest.mark.slow
@given(SLICES)
def test_no_threshold_has_a_larger_youden_index_and_no_lower_one_an_equal(slices):
    labels, probabilities, groups = map(np.array, zip(*slices, strict=True))
    weights = weigh_groups(groups)
    false_alarms, found, thresholds = roc_curve(
        labels, probabilities, sample_weight=weights, drop_intermediate=False
    )
    youden = choose(labels, probabilities, groups)["youden"]
    index = youden.sensitivity + youden.specificity - 1
    assert index == pytest.approx(np.max(found - false_alarms))
    lower = thresholds < youden.threshold
    assert (found - false_alarms < index + 1e-12)[lower].all()


@pytest.mark.slow
@given(SLICES, st.floats(0.01, 1))
def test_no_higher_threshold_reaches_the_target(slices, target):
    labels, probabilities, groups = map(np.array, zip(*slices, strict=True))
    point = choose(labels, probabilities, groups, target)["target_sensitivity"]
    assert point.sensitivity >= target - 1e-9
    above = probabilities[probabilities >= point.threshold]
    if above.size:
        higher = np.nextafter(above.min(), 2)
        weights = weigh_groups(groups) * (labels == 1)
        assert weights[probabilities >= higher].sum() / weights.sum() < target


def test_points_are_those_that_a_recipe_can_name():
    assert get_args(OperatingPointName) == NAMES


def test_figures_are_plain_numbers():
    for point in choose([0, 1], [0.2, 0.7]).values():
        assert [type(value) for value in point] == [str, float, float, float]


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="slices of both classes"):
        choose([0, 0], [0.2, 0.7])
    with pytest.raises(InputError, match=r"target sensitivity must lie in \(0, 1\], found 95"):
        choose([0, 1], [0.2, 0.7], target=95)
    with pytest.raises(InputError, match="one group for each of 2 slices"):
        choose([0, 1], [0.2, 0.7], groups=[0])
