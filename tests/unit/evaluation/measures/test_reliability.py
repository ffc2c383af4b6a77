import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.reliability import (
    compute_calibration_error,
    merge_bins,
    tabulate_reliability,
)

SCORES = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


def test_bins_equal_those_worked_out_by_hand():
    table = tabulate_reliability([0, 1, 0, 1, 1], [0.1, 0.2, 0.5, 0.7, 1.0], bins=2)
    assert table["low"].tolist() == [0, 0.5]
    assert table["high"].tolist() == [0.5, 1]
    assert table["count"].tolist() == [2, 3]
    assert table["probability"].tolist() == pytest.approx([0.15, 2.2 / 3])
    assert table["tumor_share"].tolist() == pytest.approx([1 / 2, 2 / 3])


def test_a_bin_starts_with_its_lower_end_and_only_the_last_holds_its_upper_one():
    table = tabulate_reliability([0] * 4, [0.0, 0.1, 0.9, 1.0])
    assert table["count"].tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]


def test_an_empty_bin_has_no_share():
    table = tabulate_reliability([1], [0.95])
    assert table["count"].tolist() == [0] * 9 + [1]
    assert table["tumor_share"].isna().tolist() == [True] * 9 + [False]


@pytest.mark.parametrize("bins", [1, 5, 10])
def test_bins_equal_those_of_scikit_learn(bins):
    generator = np.random.default_rng(bins)
    labels, probabilities = generator.integers(2, size=300), generator.beta(0.5, 0.5, size=300)
    table = tabulate_reliability(labels, probabilities, bins)
    share, probability = calibration_curve(labels, probabilities, n_bins=bins)
    occupied = table[table["count"] > 0]
    np.testing.assert_allclose(occupied["tumor_share"], share)
    np.testing.assert_allclose(occupied["probability"], probability)


def test_calibration_error_equals_one_worked_out_by_hand():
    # Two slices miss their bin's share by 0.35, three by 0.2 / 3.
    error = compute_calibration_error([0, 1, 0, 1, 1], [0.1, 0.2, 0.5, 0.7, 1.0], bins=2)
    assert error == pytest.approx((2 * 0.35 + 0.2) / 5)


def test_a_word_kept_is_no_error_and_one_turned_round_is_all_error():
    assert compute_calibration_error([0, 1, 1, 0], [0.5, 0.5, 1, 0]) == 0
    assert compute_calibration_error([0, 1], [1.0, 0.0]) == 1


@pytest.mark.slow
@given(SCORES, st.integers(1, 20))
def test_every_slice_stands_in_its_bin(scores, bins):
    labels, probabilities = map(np.array, zip(*scores, strict=True))
    table = tabulate_reliability(labels, probabilities, bins)
    assert table["count"].sum() == len(scores)
    occupied = table[table["count"] > 0]
    assert (occupied["probability"] >= occupied["low"] - 1e-12).all()
    assert (occupied["probability"] <= occupied["high"] + 1e-12).all()
    assert (occupied["tumor_share"] * occupied["count"]).sum() == pytest.approx(labels.sum())
    assert 0 <= compute_calibration_error(labels, probabilities, bins) <= 1


def test_merged_bins_hold_enough_slices_and_the_same_means():
    generator = np.random.default_rng(0)
    probabilities = generator.beta(0.3, 0.3, 200)
    labels = (generator.uniform(size=200) < probabilities).astype(int)
    merged = merge_bins(tabulate_reliability(labels, probabilities), fewest=25)
    assert merged["count"].min() >= 25
    assert merged["count"].sum() == 200
    assert (merged["high"].to_numpy()[:-1] == merged["low"].to_numpy()[1:]).all()
    for row in merged.itertuples():
        inside = (probabilities >= row.low) & (probabilities < row.high)
        assert row.probability == pytest.approx(probabilities[inside].mean())
        assert row.tumor_share == pytest.approx(labels[inside].mean())


def test_few_slices_make_one_bin():
    merged = merge_bins(tabulate_reliability([0, 1], [0.2, 0.9]), fewest=10)
    assert merged["count"].tolist() == [2]
    assert merged["tumor_share"].tolist() == [0.5]


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="probabilities must lie within"):
        tabulate_reliability([0, 1], [0.5, 2.0])
