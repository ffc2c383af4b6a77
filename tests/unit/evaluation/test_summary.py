import json

import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import weigh_groups
from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.weighted import METRIC_NAMES
from tumorscope.evaluation.summary import summarize_scores


def simulate(groups=40, repeats=1, seed=0):
    generator = np.random.default_rng(seed)
    members = np.repeat(np.arange(groups), generator.integers(1, 5, groups))
    labels = members % 2
    effect = generator.normal(0, 0.15, groups)[members]
    noise = generator.normal(0, 0.15, (repeats, len(members)))
    return labels, np.clip(0.35 + 0.3 * labels + effect + noise, 0, 1), members


@pytest.mark.parametrize("repeats", [1, 3])
def test_slices_and_groups_both_have_their_figures(repeats):
    labels, probabilities, groups = simulate(repeats=repeats)
    summary = summarize_scores(labels, probabilities, 0.5, groups, resamples=200)
    by_group = compute_metrics(labels, probabilities, 0.5, weigh_groups(groups))
    for part, expected in (
        (summary, compute_metrics(labels, probabilities, 0.5)),
        (summary["per_group"], by_group),
    ):
        assert {name: part[name] for name in expected} == expected
        assert part["groups"] == 40
        assert part["auroc_delong"]["value"] == pytest.approx(part["auroc"])
    assert summary["accuracy"] != summary["per_group"]["accuracy"]


def test_every_figure_lies_within_its_interval():
    summary = summarize_scores(*simulate()[:2], 0.5, simulate()[2])
    for part in (summary, summary["per_group"]):
        assert tuple(part["intervals"]) == METRIC_NAMES
        for name, (low, high) in part["intervals"].items():
            assert low < part[name] < high
        delong = part["auroc_delong"]
        # Two ways to the same interval.
        assert [delong["low"], delong["high"]] == pytest.approx(
            part["intervals"]["auroc"], abs=0.02
        )


def test_copies_of_every_slice_change_no_interval():
    labels, probabilities, groups = simulate()
    alone = summarize_scores(labels, probabilities, 0.5, groups, resamples=200)
    copied = summarize_scores(
        np.tile(labels, 4), np.tile(probabilities, 4), 0.5, np.tile(groups, 4), resamples=200
    )
    for part, other in ((alone, copied), (alone["per_group"], copied["per_group"])):
        for name in METRIC_NAMES:
            assert other["intervals"][name] == pytest.approx(part["intervals"][name])
        assert other["auroc_delong"] == pytest.approx(part["auroc_delong"])


def test_perfect_separation_is_not_certainty():
    # Ten groups of two slices: six with a tumor, four without.
    groups = np.arange(20) // 2
    labels = (groups < 6).astype(int)
    summary = summarize_scores(labels, np.where(labels, 0.9, 0.2), 0.5, groups)
    for part in (summary, summary["per_group"]):
        intervals = part["intervals"]
        assert part["accuracy"] == part["auroc"] == part["f1"] == 1
        assert intervals["accuracy"] == pytest.approx([0.025 ** (1 / 10), 1])
        assert intervals["sensitivity"] == pytest.approx([0.025 ** (1 / 6), 1])
        assert intervals["specificity"] == pytest.approx([0.025 ** (1 / 4), 1])
        assert intervals["auroc"] == pytest.approx([0.025 ** (1 / 4), 1])
        assert part["auroc_delong"]["standard_error"] is None
        assert intervals["balanced_accuracy"][0] < intervals["accuracy"][0]
        assert intervals["f1"][0] < 1
        # No exact bound is known for it.
        assert intervals["average_precision"] is None


@pytest.mark.parametrize(
    ("labels", "probabilities", "groups"),
    [
        ([1], [0.7], [0]),
        ([0, 0, 0], [0.1, 0.2, 0.7], [0, 1, 2]),
        ([0, 1], [0.7, 0.6], [0, 0]),
        ([0, 1, 1], [0.5, 0.5, 0.5], [0, 0, 1]),
        ([0, 1], [1.0, 0.0], [0, 1]),
        ([0, 1, 0, 1], [[0.1, 0.2, 0.3, 0.4], [0.1, 0.8, 0.3, 0.9]], [0, 1, 2, 3]),
    ],
)
def test_tiny_samples_neither_crash_nor_invent(labels, probabilities, groups):
    summary = summarize_scores(labels, probabilities, 0.5, groups)
    # Ready for JSON: no NaN, no NumPy, no tuple.
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    for part in (summary, summary["per_group"]):
        for name, interval in part["intervals"].items():
            if part[name] is None:
                assert interval is None
            elif interval is not None:
                assert interval[0] < interval[1]


def test_the_same_seed_gives_the_same_summary_and_another_one_does_not():
    scores = *simulate()[:2], 0.5, simulate()[2]
    first, again, other = (summarize_scores(*scores, 200, seed) for seed in (1, 1, 2))
    assert first == again
    assert first["intervals"] != other["intervals"]


def test_the_arrays_of_the_caller_stay_unchanged():
    given = simulate()
    summarize_scores(given[0], given[1], 0.5, given[2], resamples=100)
    for array, untouched in zip(given, simulate(), strict=True):
        assert np.array_equal(array, untouched)


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="one group for each of 2 slices"):
        summarize_scores([0, 1], [0.2, 0.7], 0.5, [0])
    with pytest.raises(InputError, match="at least 100 bootstrap resamples"):
        summarize_scores([0, 1], [0.2, 0.7], 0.5, [0, 1], resamples=10)
    with pytest.raises(InputError, match="threshold must lie"):
        summarize_scores([0, 1], [0.2, 0.7], 5, [0, 1])
