import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from tumorscope.auditing.leak import estimate_leak


def simulate(groups, fraction, splits=4000):
    """Draw random splits and count validation slices whose group is in training, too."""
    generator = np.random.default_rng(0)
    drawn = round(fraction * len(groups))
    shares = []
    for _ in range(splits):
        order = generator.permutation(len(groups))
        validation, training = groups[order[:drawn]], groups[order[drawn:]]
        shares.append(np.isin(validation, training).mean())
    return np.mean(shares)


class TestEstimateLeak:
    def test_without_copies_nothing_leaks(self):
        assert estimate_leak(np.arange(50)) == 0

    def test_pairs_by_hand(self):
        """The one copy of a validation slice is in training in 80 of 99 cases."""
        assert estimate_leak(np.repeat(np.arange(50), 2)) == pytest.approx(80 / 99)

    def test_one_picture_only_leaks_always(self):
        assert estimate_leak(np.zeros(40, dtype=np.int64)) == 1

    @pytest.mark.slow
    @pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5])
    def test_equals_the_mean_over_random_splits(self, fraction):
        sizes = [1] * 20 + [2] * 10 + [3] * 5 + [12, 9]
        groups = np.repeat(np.arange(len(sizes)), sizes)
        assert estimate_leak(groups, fraction) == pytest.approx(
            simulate(groups, fraction), abs=0.005
        )

    @pytest.mark.slow
    @given(st.lists(st.integers(1, 15), min_size=2, max_size=30), st.integers(1, 9))
    def test_equals_scipys_hypergeometric_distribution(self, sizes, tenths):
        groups = np.repeat(np.arange(len(sizes)), sizes)
        total, drawn = len(groups), round(tenths / 10 * len(groups))
        if drawn == 0:
            assert estimate_leak(groups, tenths / 10) == 0
            return
        # All others of the group among the drawn - 1 slices that join a validation slice.
        alone = [hypergeom.pmf(size - 1, total - 1, size - 1, drawn - 1) for size in sizes]
        expected = sum(size * (1 - one) for size, one in zip(sizes, alone, strict=True)) / total
        assert estimate_leak(groups, tenths / 10) == pytest.approx(expected, abs=1e-9)

    def test_numbers_of_groups_do_not_matter(self):
        groups = np.array([0, 0, 1, 2, 2, 2, 3, 4, 5, 6])
        assert estimate_leak(groups * 7 + 3) == estimate_leak(groups)

    def test_a_folder_too_small_for_a_validation_slice_leaks_nothing(self):
        assert estimate_leak(np.zeros(2, dtype=np.int64)) == 0
