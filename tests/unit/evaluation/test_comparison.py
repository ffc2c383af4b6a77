import json

import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.comparison import compare_scores
from tumorscope.evaluation.measures.groups import check_grouped_scores, weigh_groups
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.weighted import METRIC_NAMES
from tumorscope.evaluation.uncertainty.bootstrap import bootstrap_metrics
from tumorscope.evaluation.uncertainty.delong import compare_delong
from tumorscope.evaluation.uncertainty.mcnemar import compare_verdicts


def simulate(groups=60, repeats=1, seed=0):
    """Give a model and one that makes half its errors, on groups with a shared effect."""
    generator = np.random.default_rng(seed)
    members = np.repeat(np.arange(groups), generator.integers(1, 5, groups))
    labels = members % 2
    errors = generator.normal(0, 0.3, groups)[members]
    errors = errors + generator.normal(0, 0.2, (repeats, len(members)))
    first, second = (np.clip(0.3 + 0.4 * labels + scale * errors, 0, 1) for scale in (1, 0.5))
    return labels, first, second, members


@pytest.mark.parametrize("repeats", [1, 2])
def test_differences_are_those_of_the_figures_of_both_models(repeats):
    labels, first, second, groups = simulate(repeats=repeats)
    comparison = compare_scores(labels, first, second, 0.5, groups, resamples=200)
    for part, weights in ((comparison, None), (comparison["per_group"], weigh_groups(groups))):
        assert tuple(part["differences"]) == METRIC_NAMES
        before, after = (compute_metrics(labels, model, 0.5, weights) for model in (first, second))
        for name, difference in part["differences"].items():
            assert difference["first"] == pytest.approx(before[name])
            assert difference["second"] == pytest.approx(after[name])
            assert difference["difference"] == pytest.approx(after[name] - before[name])
            low, high = difference["interval"]
            assert low < difference["difference"] < high
    assert (comparison["slices"], comparison["groups"]) == (len(labels), 60)


def test_pairing_makes_the_interval_narrower_than_two_models_apart_would_be():
    labels, first, second, groups = simulate()
    comparison = compare_scores(labels, first, second, 0.5, groups)
    low, high = comparison["differences"]["auroc"]["interval"]
    ones = np.ones(len(labels))
    spread = [
        bootstrap_metrics(check_grouped_scores(labels, model, 0.5, groups), ones, 500, 0)[
            "auroc"
        ].resampled.std()
        for model in (first, second)
    ]
    assert high - low < 0.8 * 2 * 1.96 * np.hypot(*spread)


def test_the_tests_are_those_of_their_modules():
    labels, first, second, groups = simulate(repeats=2)
    comparison = compare_scores(labels, first, second, 0.5, groups, resamples=100)
    right = [(model >= 0.5) == labels for model in (first, second)]
    # One verdict for each slice: that of the first repeat.
    assert comparison["mcnemar"] == compare_verdicts(right[0][0], right[1][0])
    ones = np.ones(len(labels))
    assert comparison["auroc_delong"] == compare_delong(labels, first, second, groups, ones)
    assert comparison["per_group"]["auroc_delong"] == compare_delong(
        labels, first, second, groups, weigh_groups(groups)
    )
    # Net gains of the groups over all repeats, summed up by hand.
    gains = np.array(
        [
            (right[1][:, groups == group].sum() - right[0][:, groups == group].sum()) / 2
            for group in range(60)
        ]
    )
    statistic = 59 / 60 * gains.sum() ** 2 / np.sum(gains**2)
    assert comparison["mcnemar_clustered"]["statistic"] == pytest.approx(statistic)
    by_group = gains / np.bincount(groups)
    statistic = 59 / 60 * by_group.sum() ** 2 / np.sum(by_group**2)
    assert comparison["per_group"]["mcnemar_clustered"]["statistic"] == pytest.approx(statistic)


def test_swapping_the_models_turns_every_difference():
    labels, first, second, groups = simulate()
    one = compare_scores(labels, first, second, 0.5, groups, resamples=200)
    other = compare_scores(labels, second, first, 0.5, groups, resamples=200)
    for name in METRIC_NAMES:
        low, high = one["differences"][name]["interval"]
        assert other["differences"][name]["interval"] == pytest.approx([-high, -low])
    assert other["mcnemar"]["only_first_right"] == one["mcnemar"]["only_second_right"]
    assert other["mcnemar"]["p_value"] == one["mcnemar"]["p_value"]


def test_equal_models_differ_by_nothing_and_claim_nothing():
    labels, first, _, groups = simulate()
    comparison = compare_scores(labels, first, first, 0.5, groups, resamples=100)
    assert {tuple(item.items())[2:] for item in comparison["differences"].values()} == {
        (("difference", 0.0), ("interval", None))
    }
    assert comparison["mcnemar"]["p_value"] == 1
    assert comparison["mcnemar_clustered"]["p_value"] == 1
    assert comparison["auroc_delong"] is None


def test_one_class_leaves_undefined_what_needs_both():
    comparison = compare_scores([0, 0], [0.1, 0.6], [0.2, 0.3], 0.5, [0, 1], resamples=100)
    assert comparison["differences"]["auroc"] == dict.fromkeys(
        ("first", "second", "difference", "interval")
    )
    assert comparison["differences"]["specificity"]["difference"] == 0.5
    assert json.loads(json.dumps(comparison, allow_nan=False)) == comparison


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="as many repeats of both models, found 1 and 2"):
        compare_scores([0, 1], [0.1, 0.9], [[0.1, 0.9]] * 2, 0.5, [0, 1])
    with pytest.raises(InputError, match="2 labels and 3 probabilities"):
        compare_scores([0, 1], [0.1, 0.9], [0.1, 0.9, 0.3], 0.5, [0, 1])
    with pytest.raises(InputError, match="at least 100 bootstrap resamples"):
        compare_scores([0, 1], [0.1, 0.9], [0.1, 0.9], 0.5, [0, 1], resamples=3)
