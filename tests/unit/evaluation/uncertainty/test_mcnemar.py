import numpy as np
import pytest
from scipy.stats import binomtest, chi2
from statsmodels.stats.contingency_tables import mcnemar

from tumorscope.evaluation.measures.groups import weigh_groups
from tumorscope.evaluation.uncertainty.mcnemar import compare_clustered_verdicts, compare_verdicts


def verdicts(both_right, only_first, only_second, both_wrong):
    counts = [both_right, only_first, only_second, both_wrong]
    return (
        np.repeat([True, True, False, False], counts),
        np.repeat([True, False, True, False], counts),
    )


@pytest.mark.parametrize(
    "counts", [(59, 6, 16, 80), (10, 0, 5, 2), (3, 4, 4, 1), (8, 0, 0, 2), (900, 310, 370, 20)]
)
def test_the_exact_test_is_that_of_statsmodels_and_of_the_binomial(counts):
    test = compare_verdicts(*verdicts(*counts))
    both_right, only_first, only_second, both_wrong = counts
    assert list(test.values())[:4] == list(counts)
    table = [[both_right, only_first], [only_second, both_wrong]]
    assert test["p_value"] == pytest.approx(mcnemar(table, exact=True).pvalue)
    if only_first + only_second:
        fair = binomtest(only_first, only_first + only_second)
        assert test["p_value"] == pytest.approx(fair.pvalue)


def test_the_clustered_test_equals_sums_worked_out_by_hand():
    # Net gains of 2, 1, 0 and -1 slices in groups of 2, 2, 1 and 2.
    groups = np.array([0, 0, 1, 1, 2, 3, 3])
    gain = np.array([1, 1, 1, 0, 0, -1, 0])
    by_slice = compare_clustered_verdicts(gain, groups, np.ones(7))
    # Obuchowski: (4 - 1) / 4 * 2**2 / (4 + 1 + 0 + 1).
    assert by_slice["statistic"] == pytest.approx(0.5)
    by_group = compare_clustered_verdicts(gain, groups, weigh_groups(groups))
    # Durkalski: shares of 1, 1/2, 0 and -1/2 give 1 / 1.5, here times (4 - 1) / 4.
    assert by_group["statistic"] == pytest.approx(1 / 1.5 * 3 / 4)
    assert by_slice["p_value"] == pytest.approx(chi2.sf(0.5, 1))


def test_with_every_slice_its_own_group_it_is_the_test_of_mcnemar():
    first, second = verdicts(59, 6, 16, 80)
    gain = second.astype(float) - first
    test = compare_clustered_verdicts(gain, np.arange(161), np.ones(161))
    expected = mcnemar([[59, 6], [16, 80]], exact=False, correction=False)
    assert test["statistic"] == pytest.approx(160 / 161 * expected.statistic)


def test_copies_of_a_slice_prove_nothing():
    first, second = verdicts(20, 1, 8, 5)
    gain = second.astype(float) - first
    alone = compare_clustered_verdicts(gain, np.arange(34), np.ones(34))
    copied = compare_clustered_verdicts(
        np.repeat(gain, 3), np.repeat(np.arange(34), 3), np.ones(102)
    )
    assert copied == pytest.approx(alone)
    assert compare_verdicts(np.repeat(first, 3), np.repeat(second, 3))["p_value"] < 0.001
    assert compare_verdicts(first, second)["p_value"] > 0.03


def test_equal_verdicts_have_a_p_value_of_one_and_one_group_has_none():
    test = compare_clustered_verdicts(np.zeros(4), np.arange(4), np.ones(4))
    assert test == {"statistic": 0, "p_value": 1}
    assert compare_clustered_verdicts(np.ones(4), np.zeros(4, int), np.ones(4)) is None
