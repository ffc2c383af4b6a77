import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from tumorscope.evaluation.measures.groups import check_grouped_scores, check_groups, weigh_groups
from tumorscope.evaluation.uncertainty.bootstrap import bootstrap_metrics
from tumorscope.evaluation.uncertainty.delong import compare_delong, compute_delong_interval

# The five-point ratings of 58 normal and 51 abnormal CT scans of Hanley and McNeil (1982).
RATING_COUNTS = {0: (33, 6, 6, 11, 2), 1: (3, 2, 2, 11, 33)}


def simulate(seed, groups=40, repeats=1, mixed=True):
    """Give slices in groups that share a random effect; a group may hold both classes."""
    generator = np.random.default_rng(seed)
    members = np.repeat(np.arange(groups), generator.integers(1, 6, groups))
    labels = members % 2
    if mixed:
        labels = np.where(generator.random(len(members)) < 0.3, 1 - labels, labels)
    effect = generator.normal(size=groups)[members]
    scores = labels + effect + generator.normal(size=(repeats, len(members)))
    # Rounded, so that some are tied.
    return labels, norm.cdf(scores).round(2), members


def place_slowly(labels, probabilities, weights):
    """Compare every slice with every one of the other class."""
    placements = np.empty(len(labels))
    for i in range(len(labels)):
        share, total = 0.0, 0.0
        for j in range(len(labels)):
            if labels[i] == labels[j]:
                continue
            tumor, other = (i, j) if labels[i] else (j, i)
            order = np.sign(probabilities[tumor] - probabilities[other])
            share += weights[j] * (1 + order) / 2
            total += weights[j]
        placements[i] = share / total
    return placements


def compute_slowly(labels, placements, groups, weights):
    """Write out the sums of Obuchowski (1997) group by group, with weighted placements."""
    auroc = np.average(placements[labels == 1], weights=weights[labels == 1])
    names = sorted(set(groups.tolist()))
    total = {label: weights[labels == label].sum() for label in (0, 1)}
    sums = {label: [] for label in (0, 1)}
    for label in (0, 1):
        for name in names:
            inside = (groups == name) & (labels == label)
            if inside.any():
                sums[label].append((name, np.sum(weights[inside] * (placements[inside] - auroc))))
    s10, s01 = (
        len(sums[label]) / (len(sums[label]) - 1) * sum(value**2 for _, value in sums[label])
        for label in (1, 0)
    )
    without = dict(sums[0])
    s11 = (
        len(names)
        / (len(names) - 1)
        * sum(value * without[name] for name, value in sums[1] if name in without)
    )
    variance = s10 / total[1] ** 2 + s01 / total[0] ** 2 + 2 * s11 / (total[1] * total[0])
    return auroc, variance


def test_the_ratings_of_hanley_and_mcneil_give_the_published_figures():
    labels = np.repeat([0, 1], [58, 51])
    ratings = np.concatenate([np.repeat(range(1, 6), RATING_COUNTS[label]) for label in (0, 1)])
    interval = compute_delong_interval(
        labels, ratings[np.newaxis] / 5, np.arange(109), np.ones(109)
    )
    # As roctab of Stata prints them, with the interval that is symmetric around the AUROC.
    assert round(interval["value"], 4) == 0.8932
    assert round(interval["standard_error"], 4) == 0.0307
    low, high = (
        interval["value"] + sign * 1.959964 * interval["standard_error"] for sign in (-1, 1)
    )
    assert (round(low, 5), round(high, 5)) == (0.83295, 0.95339)


@pytest.mark.parametrize("weigh", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_is_that_of_sums_written_out(seed, mixed, weigh):
    labels, probabilities, groups = simulate(seed, mixed=mixed)
    weights = weigh_groups(groups) if weigh else np.ones(len(labels))
    placements = place_slowly(labels, probabilities[0], weights)
    auroc, variance = compute_slowly(labels, placements, groups, weights)
    interval = compute_delong_interval(labels, probabilities, groups, weights)
    assert interval["value"] == pytest.approx(auroc)
    assert interval["standard_error"] == pytest.approx(np.sqrt(variance))


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.3, 0.5, 0.8])), min_size=4, max_size=30
    ).filter(lambda slices: 2 <= sum(label for label, _ in slices) <= len(slices) - 2)
)
def test_with_every_slice_its_own_group_it_is_the_variance_of_placements(slices):
    labels, probabilities = (np.array(column) for column in zip(*slices, strict=True))
    ones = np.ones(len(labels))
    placements = place_slowly(labels, probabilities, ones)
    tumor = labels == 1
    variance = (
        placements[tumor].var(ddof=1) / tumor.sum()
        + placements[~tumor].var(ddof=1) / (~tumor).sum()
    )
    interval = compute_delong_interval(
        labels, probabilities[np.newaxis], np.arange(len(ones)), ones
    )
    if interval is None or interval["standard_error"] is None:
        assert variance < 1e-15
    else:
        assert interval["standard_error"] == pytest.approx(np.sqrt(variance))
        assert 0 < interval["low"] < interval["value"] < interval["high"] < 1


@pytest.mark.parametrize("weigh", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_the_standard_error_is_that_of_a_long_group_bootstrap(mixed, weigh):
    labels, probabilities, groups = simulate(1, groups=200, repeats=2, mixed=mixed)
    scores = check_grouped_scores(labels, probabilities, 0.5, groups)
    weights = weigh_groups(groups) if weigh else np.ones(len(labels))
    resampled = bootstrap_metrics(scores, weights, 4000, seed=0)["auroc"].resampled
    interval = compute_delong_interval(scores.labels, scores.probabilities, scores.groups, weights)
    assert interval["standard_error"] == pytest.approx(resampled.std(), rel=0.05)


def test_slices_taken_for_independent_would_claim_far_more_certainty():
    labels, probabilities, groups = simulate(1, groups=200, mixed=False)
    ones = np.ones(len(labels))
    honest = compute_delong_interval(labels, probabilities, groups, ones)
    blind = compute_delong_interval(labels, probabilities, np.arange(len(labels)), ones)
    assert blind["value"] == honest["value"]
    assert blind["standard_error"] < 0.8 * honest["standard_error"]


def test_the_interval_is_symmetric_on_the_logit_scale():
    labels, probabilities, groups = simulate(2)
    interval = compute_delong_interval(labels, probabilities, groups, np.ones(len(labels)))
    value, low, high = (
        np.log(interval[key] / (1 - interval[key])) for key in ("value", "low", "high")
    )
    assert value - low == pytest.approx(high - value)
    width = 2 * norm.ppf(0.975) * interval["standard_error"]
    assert high - low == pytest.approx(width / (interval["value"] * (1 - interval["value"])))


@pytest.mark.parametrize("weigh", [False, True])
def test_repeats_and_differences_follow_from_the_covariance_matrix(weigh):
    labels, probabilities, groups = simulate(3, repeats=4)
    weights = weigh_groups(groups) if weigh else np.ones(len(labels))
    placements = np.array([place_slowly(labels, row, weights) for row in probabilities])

    def combine(contrast):
        return compute_slowly(labels, contrast @ placements, groups, weights)

    mean, variance = combine(np.full(4, 1 / 4))
    interval = compute_delong_interval(labels, probabilities, groups, weights)
    assert interval["value"] == pytest.approx(mean)
    assert interval["standard_error"] == pytest.approx(np.sqrt(variance))
    difference, variance = combine(np.array([-0.5, -0.5, 0.5, 0.5]))
    test = compare_delong(labels, probabilities[:2], probabilities[2:], groups, weights)
    assert test["difference"] == pytest.approx(difference)
    assert test["standard_error"] == pytest.approx(np.sqrt(variance))
    assert test["p_value"] == pytest.approx(2 * norm.sf(abs(difference) / np.sqrt(variance)))
    assert (test["low"] + test["high"]) / 2 == pytest.approx(difference)


def test_for_independent_slices_the_test_is_that_of_delong():
    labels, probabilities, _ = simulate(4, repeats=2)
    ones, tumor = np.ones(len(labels)), labels == 1
    placements = np.array([place_slowly(labels, row, ones) for row in probabilities])
    covariance = (
        np.cov(placements[:, tumor]) / tumor.sum() + np.cov(placements[:, ~tumor]) / (~tumor).sum()
    )
    aurocs = placements[:, tumor].mean(axis=1)
    z = (aurocs[1] - aurocs[0]) / np.sqrt(
        covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    )
    test = compare_delong(labels, probabilities[:1], probabilities[1:], np.arange(len(ones)), ones)
    assert test["p_value"] == pytest.approx(2 * norm.sf(abs(z)))


def test_swapping_the_models_turns_the_sign_only():
    labels, probabilities, groups = simulate(5, repeats=2)
    models = probabilities[:1], probabilities[1:]
    one = compare_delong(labels, *models, groups, np.ones(len(labels)))
    other = compare_delong(labels, *models[::-1], groups, np.ones(len(labels)))
    assert other["difference"] == pytest.approx(-one["difference"])
    assert other["p_value"] == pytest.approx(one["p_value"])
    assert [other["low"], other["high"]] == pytest.approx([-one["high"], -one["low"]])


def test_perfect_separation_leaves_the_exact_bound_and_no_standard_error():
    labels = np.repeat([0, 1], 10)
    groups = check_groups(np.arange(20) // 2, 20)
    interval = compute_delong_interval(labels, labels[np.newaxis] * 0.8, groups, np.ones(20))
    # Five pairs of groups that share none.
    assert interval == {
        "value": 1.0,
        "standard_error": None,
        "low": pytest.approx(0.025 ** (1 / 5)),
        "high": 1.0,
    }
    interval = compute_delong_interval(labels, 1.0 - labels[np.newaxis], groups, np.ones(20))
    assert (interval["value"], interval["low"]) == (0, 0)
    assert interval["high"] == pytest.approx(1 - 0.025 ** (1 / 5))


@pytest.mark.parametrize(
    ("labels", "groups"),
    [
        ([1, 1, 1], [0, 1, 2]),
        ([0, 0, 0], [0, 1, 2]),
        # One group only holds tumor slices.
        ([1, 1, 0, 0], [0, 0, 1, 2]),
        ([0, 1], [0, 0]),
    ],
)
def test_too_few_groups_of_a_class_have_no_variance(labels, groups):
    count = len(labels)
    probabilities = np.linspace(0.1, 0.9, count)[np.newaxis]
    arrays = np.array(groups), np.ones(count)
    assert compute_delong_interval(np.array(labels), probabilities, *arrays) is None
    assert compare_delong(np.array(labels), probabilities, probabilities**2, *arrays) is None


def test_what_does_not_vary_has_neither_interval_nor_test():
    labels, groups, ones = np.array([0, 0, 1, 1]), np.arange(4), np.ones(4)
    constant = np.full((1, 4), 0.3)
    assert compute_delong_interval(labels, constant, groups, ones) is None
    probabilities = np.array([[0.1, 0.6, 0.4, 0.8]])
    # The same order gives the same AUROC.
    assert compare_delong(labels, probabilities, probabilities**2, groups, ones) is None
