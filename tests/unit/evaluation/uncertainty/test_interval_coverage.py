"""Do the 95 % intervals hold the truth in 95 % of data sets? On simulated ones it is known."""

from statistics import NormalDist

import numpy as np
import pytest

from tumorscope.evaluation.summary import summarize_scores
from tumorscope.evaluation.uncertainty.delong import compare_delong
from tumorscope.evaluation.uncertainty.mcnemar import compare_clustered_verdicts, compare_verdicts

GROUPS = 60
# The binormal model: the mean of tumor slices, and what groups and slices add at random.
SHIFT, OF_GROUPS, OF_SLICES = 1.5, 1.0, 0.6
SPREAD = np.hypot(OF_GROUPS, OF_SLICES)
# A group is of one class, so a tumor slice and one without come from two groups, and their scores
# are independent: the difference has mean SHIFT and variance 2 * SPREAD**2. A verdict at half the
# shift is right when a slice is less than that on the wrong side.
TRUTH = {
    "auroc": NormalDist().cdf(SHIFT / (np.sqrt(2) * SPREAD)),
    "accuracy": NormalDist().cdf(SHIFT / 2 / SPREAD),
}
THRESHOLD = 1 / (1 + np.exp(-SHIFT / 2))


def draw_slices(generator, models=1):
    """Draw groups of one to six slices each, half of them with a tumor, and scores of models."""
    label = generator.permutation(np.arange(GROUPS) % 2)
    groups = np.repeat(np.arange(GROUPS), generator.integers(1, 7, GROUPS))
    effect = generator.normal(0, OF_GROUPS, (models, GROUPS))[:, groups]
    noise = generator.normal(0, OF_SLICES, (models, len(groups)))
    scores = SHIFT * label[groups] + effect + noise
    return label[groups], 1 / (1 + np.exp(-scores)), groups


def holds(interval, truth):
    low, high = interval
    return low <= truth <= high


@pytest.mark.slow
def test_the_true_figures_of_the_simulation_are_those_of_very_many_slices():
    generator = np.random.default_rng(1)
    aurocs, accuracies = [], []
    for _ in range(2000):
        labels, probabilities, _ = draw_slices(generator)
        tumor, other = (probabilities[0, labels == label] for label in (1, 0))
        aurocs.append(np.mean(np.subtract.outer(tumor, other) > 0))
        accuracies.append(np.mean((probabilities[0] >= THRESHOLD) == labels))
    assert np.mean(aurocs) == pytest.approx(TRUTH["auroc"], abs=4 * np.std(aurocs) / 44)
    assert np.mean(accuracies) == pytest.approx(TRUTH["accuracy"], abs=4 * np.std(accuracies) / 44)


@pytest.mark.slow
def test_intervals_hold_the_truth_in_95_percent_of_500_data_sets():
    generator = np.random.default_rng(0)
    hits = {
        (counted, method): [] for counted in ("slices", "groups") for method in ("boot", "delong")
    }
    hits["accuracy"] = []
    for seed in range(500):
        labels, probabilities, groups = draw_slices(generator)
        summary = summarize_scores(labels, probabilities, THRESHOLD, groups, 400, seed)
        for counted, part in (("slices", summary), ("groups", summary["per_group"])):
            delong = part["auroc_delong"]
            hits[counted, "boot"].append(holds(part["intervals"]["auroc"], TRUTH["auroc"]))
            hits[counted, "delong"].append(holds((delong["low"], delong["high"]), TRUTH["auroc"]))
        hits["accuracy"].append(holds(summary["intervals"]["accuracy"], TRUTH["accuracy"]))
    coverage = {key: np.mean(values) for key, values in hits.items()}
    assert all(0.93 <= share <= 0.97 for share in coverage.values()), coverage


@pytest.mark.slow
def test_slices_taken_for_independent_promise_too_much():
    generator = np.random.default_rng(0)
    boot, delong = [], []
    for seed in range(100):
        labels, probabilities, _ = draw_slices(generator)
        alone = np.arange(len(labels))
        summary = summarize_scores(labels, probabilities, THRESHOLD, alone, 200, seed)
        interval = summary["auroc_delong"]
        boot.append(holds(summary["intervals"]["auroc"], TRUTH["auroc"]))
        delong.append(holds((interval["low"], interval["high"]), TRUTH["auroc"]))
    assert np.mean(boot) < 0.8
    assert np.mean(delong) < 0.8


@pytest.mark.slow
def test_clustered_tests_of_equal_models_err_in_5_percent_and_the_others_far_more_often():
    generator = np.random.default_rng(2)
    p_values = {"delong": [], "mcnemar": [], "delong alone": [], "mcnemar alone": []}
    for _ in range(1000):
        labels, probabilities, groups = draw_slices(generator, models=2)
        ones, alone = np.ones(len(labels)), np.arange(len(labels))
        right = (probabilities >= THRESHOLD) == labels
        gain = right[1].astype(float) - right[0]
        models = probabilities[:1], probabilities[1:]
        for key, members in (("delong", groups), ("delong alone", alone)):
            p_values[key].append(compare_delong(labels, *models, members, ones)["p_value"])
        p_values["mcnemar"].append(compare_clustered_verdicts(gain, groups, ones)["p_value"])
        p_values["mcnemar alone"].append(compare_verdicts(*right)["p_value"])
    wrong = {key: np.mean(np.array(values) < 0.05) for key, values in p_values.items()}
    assert 0.03 <= wrong["delong"] <= 0.07
    assert 0.03 <= wrong["mcnemar"] <= 0.07
    assert wrong["delong alone"] > 0.15
    assert wrong["mcnemar alone"] > 0.15
