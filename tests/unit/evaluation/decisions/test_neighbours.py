import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.neighbours import heed_neighbours

probabilities = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=40)


def find_logit(probability):
    return np.log(probability / (1 - probability))


def test_weights_fall_linearly_with_the_distance():
    # A reach of a fifth of ten slices: two to each side, with weights 1, 2, 3, 2, 1.
    given = np.linspace(0.05, 0.95, 10)
    heeded = heed_neighbours(given, np.arange(10), 0.2)
    expected = np.array([1, 2, 3, 2, 1]) @ find_logit(given[2:7]) / 9
    assert find_logit(heeded[4]) == pytest.approx(expected)
    assert find_logit(heeded[0]) == pytest.approx(np.array([3, 2, 1]) @ find_logit(given[:3]) / 6)


def test_slices_count_by_their_places_not_by_their_order():
    near, far = (heed_neighbours([0.1, 0.9], places, 0.2) for places in ([0, 1], [0, 9]))
    assert find_logit(near) == pytest.approx(np.array([-1 + 0.5, 1 - 0.5]) * find_logit(0.9) / 1.5)
    assert far == pytest.approx([0.1, 0.9])


def test_a_lesion_of_several_slices_stays_and_a_single_mistake_does_not():
    given = np.full(30, 0.1)
    given[[5, *range(15, 20)]] = 0.95
    heeded = heed_neighbours(given, np.arange(30))
    assert heeded[5] < 0.5 < heeded[17]


@given(probabilities)
def test_without_reach_nobody_has_a_say(given):
    np.testing.assert_array_equal(heed_neighbours(given, range(len(given)), 0), given)


@given(probabilities, st.floats(0.5, 5))
def test_it_makes_no_difference_whether_a_temperature_is_applied_before_or_after(
    given, temperature
):
    places = range(len(given))
    before = heed_neighbours(apply_temperature(given, temperature), places)
    after = apply_temperature(heed_neighbours(given, places), temperature)
    # What parts ties, 2^-25 of a probability at most, moves the logit of 1e-6 by 3e-5.
    np.testing.assert_allclose(before, after, atol=1e-5)


@given(probabilities)
def test_nothing_is_said_that_no_slice_says(given):
    heeded = heed_neighbours(given, range(len(given)))
    assert min(given) - 1e-9 <= heeded.min() <= heeded.max() <= max(given) + 1e-9
