import itertools
import tracemalloc

import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import check_grouped_scores, weigh_groups
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.weighted import METRIC_NAMES
from tumorscope.evaluation.uncertainty.bootstrap import (
    bootstrap_mean,
    bootstrap_metrics,
    check_resamples,
)

LABELS = np.array([0, 0, 0, 1, 1, 0])
PROBABILITIES = np.array([0.1, 0.6, 0.7, 0.4, 0.9, 0.4])
GROUPS = np.array([0, 0, 1, 1, 2, 2])
ONES = np.ones(6)


def make_scores(slices, groups, seed=0, repeats=1):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, slices)
    probabilities = np.clip(generator.normal(0.3 + 0.4 * labels, 0.3, (repeats, slices)), 0, 1)
    return check_grouped_scores(labels, probabilities, 0.5, generator.integers(0, groups, slices))


def measure_drawn(draw, weigh):
    """Write out the slices of the drawn groups, a copy of a group as a group of its own."""
    chosen = np.concatenate([np.flatnonzero(group == GROUPS) for group in draw])
    copies = np.concatenate([[copy] * 2 for copy in range(len(draw))])
    weights = weigh_groups(copies) if weigh else None
    metrics = compute_metrics(LABELS[chosen], PROBABILITIES[chosen], 0.5, weights)
    return tuple(-1 if metrics[name] is None else round(metrics[name], 9) for name in METRIC_NAMES)


@pytest.mark.parametrize("weigh", [False, True])
def test_resamples_are_draws_of_whole_groups_each_as_likely_as_the_others(weigh):
    scores = check_grouped_scores(LABELS, PROBABILITIES, 0.5, GROUPS)
    weights = weigh_groups(GROUPS) if weigh else ONES
    resamples = 5000
    replicates = bootstrap_metrics(scores, weights, resamples, seed=1)
    figures = np.column_stack([replicates[name].resampled for name in METRIC_NAMES])
    drawn = [tuple(row) for row in np.where(np.isnan(figures), -1, figures.round(9)).tolist()]
    # Three groups can be drawn in 27 ways; ways with equal figures are counted together.
    ways = [measure_drawn(draw, weigh) for draw in itertools.product(range(3), repeat=3)]
    assert set(drawn) == set(ways)
    for way in set(ways):
        chance = ways.count(way) / 27
        # Five standard errors.
        margin = 5 * np.sqrt(chance * (1 - chance) / resamples)
        assert abs(drawn.count(way) / resamples - chance) < margin


def test_every_group_is_left_out_once():
    scores = check_grouped_scores(LABELS, PROBABILITIES, 0.5, GROUPS)
    replicates = bootstrap_metrics(scores, ONES, 100, seed=0)
    for group in range(3):
        rest = group != GROUPS
        metrics = compute_metrics(LABELS[rest], PROBABILITIES[rest], 0.5)
        for name in METRIC_NAMES:
            expected = np.nan if metrics[name] is None else metrics[name]
            left_out = replicates[name].left_out[group]
            assert left_out == pytest.approx(expected, nan_ok=True)


def test_very_many_groups_are_left_out_in_parts():
    scores = make_scores(1500, 1200)
    replicates = bootstrap_metrics(scores, np.ones(1500), 100, seed=0)
    assert replicates["auroc"].left_out.shape == (500,)
    assert scores.groups.max() > 500


def test_the_estimate_is_the_figure_of_the_slices_as_they_are():
    scores = make_scores(80, 30, repeats=3)
    replicates = bootstrap_metrics(scores, np.ones(80), 100, seed=0)
    metrics = compute_metrics(scores.labels, scores.probabilities, 0.5)
    assert {name: replicates[name].estimate for name in METRIC_NAMES} == pytest.approx(
        {name: metrics[name] for name in METRIC_NAMES}
    )


def test_equal_seeds_draw_alike_whatever_is_measured_and_others_do_not():
    scores = make_scores(60, 20)
    first, again, other = (
        bootstrap_metrics(scores, np.ones(60), 200, seed)["brier"].resampled for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # A model with the same errors, in other words, differs by nothing in any resample.
    mirrored = scores._replace(labels=1 - scores.labels, probabilities=1 - scores.probabilities)
    swapped = bootstrap_metrics(mirrored, np.ones(60), 200, 3)["brier"].resampled
    assert swapped == pytest.approx(first)


def test_repeats_of_a_slice_are_drawn_together():
    scores = make_scores(60, 20, repeats=2)
    both = bootstrap_metrics(scores, np.ones(60), 100, seed=0)["auroc"].resampled
    alone = [
        bootstrap_metrics(
            scores._replace(probabilities=scores.probabilities[[repeat]]), np.ones(60), 100, 0
        )["auroc"].resampled
        for repeat in (0, 1)
    ]
    assert both == pytest.approx(np.mean(alone, axis=0))


@pytest.mark.slow
def test_memory_stays_bounded_for_thousands_of_slices():
    scores = make_scores(3000, 1000)
    tracemalloc.start()
    bootstrap_metrics(scores, np.ones(3000), 400, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # All resamples at once would be 10 MB, and each step of the arithmetic as much again.
    assert peak < 5e6


def test_too_few_resamples_are_refused():
    check_resamples(100)
    with pytest.raises(InputError, match="at least 100 bootstrap resamples, found 99"):
        check_resamples(99)


def test_mean_of_single_slices_is_resampled_by_groups():
    values = np.array([0.0, 0.0, 1.0, 1.0, 5.0, 5.0])
    replicates = bootstrap_mean(values, GROUPS, ONES, resamples=500, seed=0)
    assert replicates.estimate == 2.0
    of_draws = {round(sum(draw) / 3, 9) for draw in itertools.product((0, 1, 5), repeat=3)}
    assert set(replicates.resampled.round(9)) == of_draws
    np.testing.assert_allclose(replicates.left_out, [3.0, 2.5, 0.5])


def test_mean_of_one_group_cannot_do_without_it():
    replicates = bootstrap_mean(np.ones(2), np.zeros(2, int), np.ones(2), resamples=100, seed=0)
    assert replicates.resampled.tolist() == [1.0] * 100
    assert np.isnan(replicates.left_out).all()
