import numpy as np
import pytest
from scipy.stats import binomtest

from tumorscope.errors import InputError
from tumorscope.evaluation.uncertainty.proportion import compute_share_interval, measure_share


@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (0, 30), (7, 30), (150, 151)])
def test_interval_equals_that_of_scipy(successes, trials):
    expected = binomtest(successes, trials).proportion_ci(0.95, method="exact")
    assert compute_share_interval(successes, trials) == pytest.approx([*expected])


def test_each_group_counts_once():
    share = measure_share([True, False, False, True], ["a", "b", "b", "b"])
    assert share["groups"] == 2
    assert share["share"] == pytest.approx((1 + 1 / 3) / 2)


def test_slices_that_are_their_own_groups_are_counted():
    share = measure_share([True, False, True, True], range(4))
    assert (share["groups"], share["share"]) == (4, 0.75)
    assert share["interval"] == pytest.approx(compute_share_interval(3, 4))


def test_all_of_a_few_leaves_doubt():
    share = measure_share([True] * 21, np.arange(21) // 3)
    assert share["share"] == 1
    assert share["interval"] == pytest.approx([0.025 ** (1 / 7), 1])


def test_no_slice_is_no_share():
    assert measure_share([], []) == {"groups": 0, "share": None, "interval": None}


@pytest.mark.slow
def test_groups_of_several_slices_are_covered_at_least_as_promised():
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(1_000):
        sizes = generator.integers(1, 6, size=40)
        groups = np.repeat(np.arange(40), sizes)
        # Each group has a share of its own, 0.8 on average.
        flags = generator.random(len(groups)) < generator.beta(2, 0.5, size=40)[groups]
        low, high = measure_share(flags, groups)["interval"]
        covered += low <= 0.8 <= high
    assert covered >= 950


def test_missing_groups_are_refused():
    with pytest.raises(InputError, match="one group for each of 2 slices"):
        measure_share([True, False], [0])
