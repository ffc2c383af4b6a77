from types import SimpleNamespace

import numpy as np
import pytest
import scipy.stats

from tumorscope.evaluation.measures.groups import check_grouped_scores
from tumorscope.evaluation.uncertainty.bootstrap import Replicates, bootstrap_metrics
from tumorscope.evaluation.uncertainty.intervals import compute_bootstrap_interval


def make_replicates(seed, slices=40):
    generator = np.random.default_rng(seed)
    labels = np.arange(slices) % 2
    probabilities = generator.beta(0.5, 2, slices)
    scores = check_grouped_scores(labels, probabilities, 0.5, np.arange(slices))
    return scores, bootstrap_metrics(scores, np.ones(slices), 1000, seed)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["brier", "accuracy"])
def test_the_interval_is_the_bca_interval_of_scipy(name, seed):
    scores, replicates = make_replicates(seed)
    parts = {
        "brier": (scores.probabilities[0] - scores.labels) ** 2,
        "accuracy": (scores.probabilities[0] >= 0.5) == scores.labels,
    }
    expected = scipy.stats.bootstrap(
        (parts[name].astype(float),),
        np.mean,
        n_resamples=0,
        method="BCa",
        # The same resamples, so that the intervals have to be equal and not only alike.
        bootstrap_result=SimpleNamespace(bootstrap_distribution=replicates[name].resampled),
    ).confidence_interval
    assert compute_bootstrap_interval(replicates[name]) == pytest.approx(list(expected))


def test_symmetric_replicates_give_the_percentiles():
    resampled = np.linspace(-1, 1, 2001)
    replicates = Replicates(0.0, resampled, np.array([-1.0, 0.0, 1.0]))
    assert compute_bootstrap_interval(replicates) == pytest.approx([-0.95, 0.95])


def test_undefined_resamples_are_left_out():
    generator = np.random.default_rng(0)
    resampled, left_out = generator.normal(size=500), generator.normal(size=20)
    whole = Replicates(0.1, resampled, left_out)
    holed = Replicates(
        0.1, np.insert(resampled, [3, 70], np.nan), np.insert(left_out, [0, 9], np.nan)
    )
    assert compute_bootstrap_interval(holed) == compute_bootstrap_interval(whole)


@pytest.mark.parametrize(
    ("estimate", "resampled"),
    [
        (np.nan, np.full(100, np.nan)),
        (0.5, np.full(100, np.nan)),
        (1.0, np.ones(100)),
        # The same share, summed up in another order.
        (0.3, np.where(np.arange(100) % 2, 0.3, 0.1 + 0.2)),
    ],
)
def test_resamples_that_say_nothing_give_no_interval(estimate, resampled):
    assert compute_bootstrap_interval(Replicates(estimate, resampled, resampled[:5])) is None


def test_groups_that_cannot_be_left_out_give_the_plain_bias_correction():
    resampled = np.linspace(0, 1, 101)
    undefined = Replicates(0.5, resampled, np.array([np.nan, np.nan]))
    alike = Replicates(0.5, resampled, np.array([0.5, 0.5]))
    assert compute_bootstrap_interval(undefined) == pytest.approx([0.025, 0.975])
    assert compute_bootstrap_interval(alike) == pytest.approx([0.025, 0.975])


def test_an_estimate_beyond_all_resamples_still_has_an_interval():
    replicates = Replicates(2.0, np.linspace(0, 1, 101), np.array([1.0, 2.0]))
    low, high = compute_bootstrap_interval(replicates)
    assert 0 <= low <= high
    assert high == pytest.approx(1)
