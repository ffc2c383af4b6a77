import crepes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, kstest

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.conformal import ConformalLimits, fit_conformal, predict_sets

SPLITS = 200


def draw_pool(slices, seed):
    """Draw scores such as a phantom classifier gives: skewed, overlapping, no two equal."""
    generator = np.random.default_rng(seed)
    labels = np.arange(slices) % 3 % 2  # every third slice shows a tumor
    probabilities = np.where(
        labels == 1, generator.beta(3, 1, slices), generator.beta(1, 4, slices)
    )
    return labels, probabilities


class TestFit:
    def test_limit_is_the_nonconformity_at_its_rank(self):
        # Nine of each class: rank ceil(10 * 0.8) = 8 of nonconformities 0.01 ... 0.09.
        labels = np.repeat([0, 1], 9)
        nonconformity = np.tile(np.arange(1, 10) / 100, 2)
        probabilities = np.where(labels == 1, 1 - nonconformity, nonconformity)
        limits = fit_conformal(labels, probabilities, np.arange(18), error=0.2, seed=0)
        assert limits == pytest.approx((0.08, 0.08))

    def test_rank_is_not_moved_by_rounding(self):
        # 70 * (1 - 0.1) is 63 but for a last digit, for which it must not become rank 64.
        labels = np.repeat([0, 1], 69)
        probabilities = np.tile(np.arange(1, 70) / 100, 2)
        limits = fit_conformal(labels, probabilities, np.arange(138), error=0.1, seed=0)
        assert limits.no_tumor == 0.63

    def test_too_few_groups_exclude_nothing_of_their_class(self):
        labels = np.array([0] * 8 + [1] * 9)
        probabilities = np.where(labels == 1, 0.9, 0.1)
        limits = fit_conformal(labels, probabilities, np.arange(17), error=0.1, seed=0)
        assert limits == pytest.approx((1, 0.1))
        assert fit_conformal([1], [0.9], [0], error=0.5, seed=0) == pytest.approx((1, 0.1))
        assert predict_sets([1.0], limits).tolist() == [[True, True]]

    def test_many_copies_of_one_slice_are_one_group(self):
        labels = np.repeat(1, 40)
        probabilities = np.append(np.full(30, 0.01), np.linspace(0.5, 0.95, 10))
        groups = np.append(np.zeros(30), np.arange(1, 11))
        limits = fit_conformal(labels, probabilities, groups, error=0.25, seed=0)
        # Of 11 groups the copies are only the strangest.
        assert limits.tumor == pytest.approx(0.45)

    def test_a_group_of_both_classes_gives_one_slice_to_each(self):
        limits = fit_conformal([0, 1], [0.2, 0.7], [5, 5], error=0.5, seed=0)
        assert limits == pytest.approx((0.2, 0.3))

    def test_the_seed_draws_the_slice_of_a_group(self):
        labels, probabilities = draw_pool(300, seed=0)
        groups = np.arange(300) // 9 * 2 + labels
        drawn = {fit_conformal(labels, probabilities, groups, 0.1, seed) for seed in range(10)}
        assert len(drawn) > 5
        first, again = (fit_conformal(labels, probabilities, groups, 0.1, 3) for _ in range(2))
        assert first == again

    def test_limits_are_plain_numbers(self):
        limits = fit_conformal([0, 1], np.float32([0.2, 0.7]), [0, 1], error=0.5, seed=0)
        assert [type(limit) for limit in limits] == [float, float]

    def test_unusable_input_is_refused(self):
        for error in (0, 1, 10, np.nan):
            with pytest.raises(InputError, match=r"error must lie within \(0, 1\)"):
                fit_conformal([0, 1], [0.2, 0.7], [0, 1], error, seed=0)
        with pytest.raises(InputError, match="one group for each of 2 slices"):
            fit_conformal([0, 1], [0.2, 0.7], [0], error=0.1, seed=0)


class TestSets:
    def test_a_class_is_in_the_set_up_to_its_limit(self):
        sets = predict_sets([0.0, 0.25, 0.3, 0.5, 1.0], ConformalLimits(no_tumor=0.25, tumor=0.5))
        assert sets.tolist() == [
            [True, False],
            [True, False],
            [False, False],
            [False, True],
            [False, True],
        ]

    @pytest.mark.parametrize("error", [0.03, 0.1, 0.27])
    @pytest.mark.parametrize("seed", [0, 1])
    def test_sets_equal_those_of_crepes(self, error, seed):
        # 45 and 23 slices of the classes: at (n + 1) * error a whole number crepes keeps one more.
        labels, probabilities = draw_pool(68, seed)
        new = draw_pool(500, seed + 10)[1]
        limits = fit_conformal(labels, probabilities, np.arange(68), error, seed=0)
        nonconformity = np.stack([new, 1 - new], axis=1)
        reference = np.empty((500, 2), bool)
        for label in (0, 1):
            own = np.where(labels == 1, 1 - probabilities, probabilities)[labels == label]
            classifier = crepes.ConformalClassifier().fit(own)
            reference[:, label] = classifier.predict_set(
                nonconformity[:, [label]], confidence=1 - error, smoothing=False
            )[:, 0]
        np.testing.assert_array_equal(predict_sets(new, limits), reference)

    def test_a_temperature_changes_no_set(self):
        """So that the slices which gave the temperature may give the limits as well."""
        labels, probabilities = draw_pool(200, seed=0)
        new = draw_pool(300, seed=1)[1]
        plain, warm = (
            predict_sets(
                apply_temperature(new, temperature),
                fit_conformal(
                    labels, apply_temperature(probabilities, temperature), np.arange(200)
                ),
            )
            for temperature in (1, 3)
        )
        np.testing.assert_array_equal(plain, warm)

    @given(st.lists(st.floats(0, 1), min_size=1), st.floats(0, 1), st.floats(0, 1))
    def test_wider_limits_never_take_a_class_away(self, probabilities, narrow, wide):
        narrow, wide = sorted([narrow, wide])
        few = predict_sets(probabilities, ConformalLimits(narrow, narrow))
        many = predict_sets(probabilities, ConformalLimits(wide, wide))
        assert (few <= many).all()

    @given(st.lists(st.floats(0, 1), min_size=1))
    def test_limits_of_one_exclude_nothing(self, probabilities):
        assert predict_sets(probabilities, ConformalLimits(1, 1)).all()

    @pytest.mark.slow
    @given(
        st.lists(
            st.tuples(st.integers(0, 1), st.floats(0, 1), st.integers(0, 9)),
            min_size=1,
            max_size=60,
        ),
        st.floats(0.01, 0.99),
    )
    def test_at_least_the_promised_share_of_the_drawn_slices_is_in_its_own_set(self, slices, error):
        labels, probabilities, _ = map(np.array, zip(*slices, strict=True))
        limits = fit_conformal(labels, probabilities, np.arange(len(labels)), error, seed=0)
        inside = predict_sets(probabilities, limits)[np.arange(len(labels)), labels]
        for label in np.unique(labels):
            assert inside[labels == label].mean() >= 1 - error - 1e-9


@pytest.fixture(scope="module")
def covered():
    """How many of 60 tumor slices their sets hold, after a fit on 40, in each split."""
    labels, probabilities = draw_pool(300, seed=5)
    tumors = np.flatnonzero(labels == 1)
    others = np.flatnonzero(labels == 0)
    generator = np.random.default_rng(6)
    counts = []
    for seed in range(SPLITS):
        shuffled = generator.permutation(tumors)
        fit, test = np.append(shuffled[:40], others), shuffled[40:]
        limits = fit_conformal(labels[fit], probabilities[fit], fit, error=0.1, seed=seed)
        counts.append(predict_sets(probabilities[test], limits)[:, 1].sum())
    return np.array(counts)


class TestPromise:
    """Over random splits of one pool, the number covered has an exact distribution.

    With n slices of a class to fit on, m to test on and rank k it is beta-binomial, with m
    trials and parameters k and n + 1 - k (Angelopoulos and Bates, 2023, section 3.2).
    """

    def test_mean_coverage_lies_within_its_interval(self, covered):
        law = betabinom(60, 37, 4)
        assert law.mean() / 60 == pytest.approx(37 / 41)  # rank / (n + 1), at least 0.9
        assert abs(covered.mean() - law.mean()) < 1.96 * law.std() / np.sqrt(SPLITS)

    def test_coverages_follow_their_law(self, covered):
        law = betabinom(60, 37, 4)
        # Spread evenly within the steps of the discrete law, as the test wants it continuous.
        within = np.random.default_rng(0).random(SPLITS)
        uniform = law.cdf(covered - 1) + within * law.pmf(covered)
        assert kstest(uniform, "uniform").pvalue > 0.05

    def test_copies_would_break_the_promise_if_each_counted(self):
        """Many copies of easy slices, each taken for itself, hide how strange the others are."""
        generator = np.random.default_rng(0)
        by_group, by_slice = [], []
        for seed in range(SPLITS):
            levels, new = generator.beta(3, 1, size=(2, 60))
            probabilities = np.repeat(levels, np.where(levels > 0.7, 10, 1))
            groups = np.repeat(np.arange(60), np.where(levels > 0.7, 10, 1))
            labels = np.ones(len(groups))
            for coverages, units in ((by_group, groups), (by_slice, np.arange(len(groups)))):
                limits = fit_conformal(labels, probabilities, units, error=0.1, seed=seed)
                coverages.append(predict_sets(new, limits)[:, 1].mean())
        assert np.mean(by_group) > 0.89
        assert np.mean(by_slice) < 0.8
