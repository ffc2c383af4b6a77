import numpy as np
import pytest
import scipy.stats

from tumorscope.evaluation.measures.groups import check_grouped_scores
from tumorscope.evaluation.uncertainty.exact import compute_exact_interval, compute_exact_intervals

RIGHT = {
    "accuracy": 1.0,
    "balanced_accuracy": 1.0,
    "sensitivity": 1.0,
    "recall": 1.0,
    "specificity": 1.0,
    "precision": 1.0,
    "f1": 1.0,
    "auroc": 1.0,
}
# Six groups with a tumor, four without; two slices each.
GROUPS = np.arange(20) // 2
LABELS = (GROUPS < 6).astype(int)


def exact(successes, trials, confidence=0.95):
    interval = scipy.stats.binomtest(successes, trials).proportion_ci(confidence, "exact")
    return pytest.approx([interval.low, interval.high])


@pytest.mark.parametrize("trials", [1, 2, 20, 1000])
def test_the_interval_is_that_of_clopper_and_pearson(trials):
    assert compute_exact_interval(1.0, trials) == exact(trials, trials)
    assert compute_exact_interval(0.0, trials) == exact(0, trials)


def test_other_shares_and_no_trials_have_none():
    assert compute_exact_interval(0.5, 10) is None
    assert compute_exact_interval(np.nan, 10) is None
    assert compute_exact_interval(1.0, 0) is None


def test_a_figure_rests_on_the_groups_that_it_is_about():
    intervals = compute_exact_intervals(check_grouped_scores(LABELS, LABELS, 0.5, GROUPS), RIGHT)
    assert intervals["accuracy"] == exact(10, 10)
    assert intervals["sensitivity"] == intervals["recall"] == exact(6, 6)
    assert intervals["specificity"] == exact(4, 4)
    assert intervals["precision"] == exact(6, 6)
    # Four pairs of groups, each with a tumor on one side and none on the other.
    assert intervals["auroc"] == exact(4, 4)


def test_combined_figures_hold_both_bounds_at_half_the_error():
    intervals = compute_exact_intervals(check_grouped_scores(LABELS, LABELS, 0.5, GROUPS), RIGHT)
    six, four = 0.0125 ** (1 / 6), 0.0125 ** (1 / 4)
    assert intervals["balanced_accuracy"] == pytest.approx([(six + four) / 2, 1])
    assert intervals["f1"] == pytest.approx([six, 1])


def test_the_precision_rests_on_the_repeat_that_calls_the_fewest_groups_a_tumor():
    called = np.stack([LABELS, LABELS * (GROUPS < 3)])
    intervals = compute_exact_intervals(check_grouped_scores(LABELS, called, 0.5, GROUPS), RIGHT)
    assert intervals["precision"] == exact(3, 3)


def test_everything_wrong_is_bounded_from_above():
    wrong = dict.fromkeys(RIGHT, 0.0)
    intervals = compute_exact_intervals(
        check_grouped_scores(LABELS, 1 - LABELS, 0.5, GROUPS), wrong
    )
    assert intervals["sensitivity"] == exact(0, 6)
    assert intervals["precision"] == exact(0, 4)
    low, high = intervals["f1"]
    assert low == 0
    assert 0 < high < 1


def test_figures_between_have_none():
    between = dict.fromkeys(RIGHT, 0.9)
    scores = check_grouped_scores(LABELS, LABELS, 0.5, GROUPS)
    assert set(compute_exact_intervals(scores, between).values()) == {None}
