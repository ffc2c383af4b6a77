import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.calibration import apply_temperature, fit_temperature

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def draw_scores(slices, temperature, seed, separation=1.0):
    """Draw labels, and probabilities that dividing the logit by `temperature` calibrates."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(2, size=slices)
    # Two normal distributions whose variance is twice their mean: the logit is the score itself.
    spread = np.sqrt(2 * separation)
    logits = (2 * labels - 1) * separation + generator.normal(scale=spread, size=slices)
    return labels, expit(logits * temperature)


def compute_log_loss(labels, logits):
    return np.mean(np.logaddexp(0, logits) - labels * logits)


class TestApply:
    def test_divides_the_logit(self):
        assert apply_temperature([0.9], 2)[0] == pytest.approx(expit(np.log(9) / 2))
        assert apply_temperature([0.1], 0.5)[0] == pytest.approx(expit(-2 * np.log(9)))

    def test_one_changes_nothing_and_a_half_stays_a_half(self):
        probabilities = np.linspace(0.001, 0.999, 999)
        np.testing.assert_allclose(apply_temperature(probabilities, 1), probabilities, rtol=1e-12)
        assert apply_temperature([0.5], 3)[0] == 0.5

    @pytest.mark.slow
    @given(PROBABILITIES, st.floats(0.01, 100))
    def test_keeps_the_order_within_zero_and_one(self, probabilities, temperature):
        calibrated = apply_temperature(np.sort(probabilities), temperature)
        assert (np.diff(calibrated) >= -1e-15).all()
        assert ((calibrated >= 0) & (calibrated <= 1)).all()

    def test_exact_zero_and_one_stay_apart_and_become_doubtful_when_it_is_warm(self):
        lowest, highest = apply_temperature([0.0, 1.0], 4)
        assert 0 < lowest < 0.05
        assert highest == pytest.approx(1 - lowest)

    def test_does_not_overflow_when_it_is_cold(self):
        np.testing.assert_array_equal(apply_temperature([0.0, 0.5, 1.0], 1e-6), [0, 0.5, 1])

    def test_the_array_of_the_caller_stays_unchanged(self):
        probabilities = np.array([0.0, 0.3, 1.0])
        apply_temperature(probabilities, 2)
        assert probabilities.tolist() == [0.0, 0.3, 1.0]

    @pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf])
    def test_refuses_what_is_no_temperature(self, temperature):
        with pytest.raises(InputError, match="temperature must be a positive number"):
            apply_temperature([0.5], temperature)


class TestRanking:
    """A float64 rounds the sigmoid of any logit above 37 to one."""

    @pytest.mark.parametrize("temperature", [0.03, 0.2, 0.45, 1.0, 3.0, 20.0])
    def test_sure_probabilities_stay_apart(self, temperature):
        one = np.float32(1)
        near_one = [one]
        for _ in range(200):
            near_one.append(np.nextafter(near_one[-1], np.float32(0)))
        rising = np.array(near_one[:0:-1], np.float64)
        assert (np.diff(apply_temperature(rising, temperature)) > 0).all()

    @pytest.mark.parametrize("temperature", [0.03, 0.2, 1.0, 3.0])
    def test_so_do_all_others(self, temperature):
        rising = np.unique(
            np.concatenate([np.geomspace(1e-7, 0.5, 4000), np.linspace(0.5, 1, 4000)])
        )
        calibrated = apply_temperature(rising, temperature)
        assert (np.diff(calibrated) > 0).all()
        assert calibrated.min() >= 0
        assert calibrated.max() <= 1

    def test_no_probability_moves_by_what_could_be_read(self):
        probabilities = np.linspace(0.001, 0.999, 999)
        expected = expit(logit(probabilities) / 0.4)
        assert np.abs(apply_temperature(probabilities, 0.4) - expected).max() < 3e-8


class TestFit:
    @pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
    def test_finds_the_temperature_of_many_slices(self, temperature):
        labels, probabilities = draw_scores(20_000, temperature, seed=0)
        fitted = fit_temperature(labels, probabilities, np.arange(20_000))
        assert fitted == pytest.approx(temperature, rel=0.05)

    def test_many_slices_give_what_logistic_regression_without_intercept_gives(self):
        labels, probabilities = draw_scores(5_000, 2.0, seed=1)
        regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
        regression.fit(logit(probabilities)[:, np.newaxis], labels)
        fitted = fit_temperature(labels, probabilities, np.arange(5_000))
        assert 1 / fitted == pytest.approx(regression.coef_[0, 0], rel=2e-3)

    @pytest.mark.parametrize("seed", range(5))
    def test_minimizes_log_loss_and_prior_together(self, seed):
        labels, probabilities = draw_scores(40, 1.5, seed)
        groups = np.arange(40) // 2
        logits = logit(probabilities)

        def compute_loss(log_slope):
            slope = np.exp(log_slope)
            # Each of 20 groups counts once; a gamma prior with mode 1 and weight 2 on the slope.
            return 20 * compute_log_loss(labels, slope * logits) + 2 * (slope - 1 - log_slope)

        best = minimize_scalar(compute_loss, bounds=(-5, 5), method="bounded")
        fitted = fit_temperature(labels, probabilities, groups)
        assert 1 / fitted == pytest.approx(np.exp(best.x), rel=1e-4)

    def test_copies_within_a_group_add_nothing(self):
        labels, probabilities = draw_scores(60, 2.0, seed=2)
        groups = np.arange(60)
        times = np.random.default_rng(0).integers(1, 6, size=60)
        copied = [np.repeat(array, times) for array in (labels, probabilities, groups)]
        alone = fit_temperature(labels, probabilities, groups)
        assert fit_temperature(*copied) == pytest.approx(alone)
        assert fit_temperature(*copied[:2], np.arange(times.sum())) != pytest.approx(alone)

    def test_all_right_is_evidence_for_being_surer_but_not_for_certainty(self):
        def fit_all_right(slices):
            labels = np.arange(slices) % 2
            return fit_temperature(labels, np.where(labels == 1, 0.8, 0.2), np.arange(slices))

        few, more, many = fit_all_right(12), fit_all_right(48), fit_all_right(4_800)
        assert 1 > few > more > many > 0.05
        # After 48 of 48 right, the rule of three still allows one error in 16.
        assert 0.9 < apply_temperature([0.8], more)[0] < 0.999

    def test_exact_zeros_and_ones_that_are_wrong_make_it_warm(self):
        labels = np.array([0, 1] * 500)
        probabilities = labels.astype(float)
        probabilities[:200] = 1 - probabilities[:200]
        calibrated = apply_temperature(
            probabilities, fit_temperature(labels, probabilities, np.arange(1_000))
        )
        # One in five was wrong.
        assert calibrated.max() == pytest.approx(0.8, abs=0.01)

    def test_a_ranking_upside_down_becomes_a_shrug(self):
        labels = np.array([0, 1] * 50)
        probabilities = np.where(labels == 1, 0.1, 0.9)
        fitted = fit_temperature(labels, probabilities, np.arange(100))
        assert fitted > 10
        assert np.isfinite(fitted)

    def test_an_undecided_model_stays_as_it_is(self):
        assert fit_temperature([0, 1], [0.5, 0.5], [0, 1]) == pytest.approx(1)

    @pytest.mark.slow
    @given(
        st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), st.integers(0, 9)), min_size=2),
    )
    def test_is_positive_and_finite_whatever_the_scores(self, slices):
        labels, probabilities, groups = zip((0, 0.5, 0), (1, 0.5, 1), *slices, strict=True)
        assert 0 < fit_temperature(labels, probabilities, groups) < np.inf

    def test_new_slices_gain_more_than_from_the_least_log_loss_alone(self):
        # Near-perfect models measured on 50 groups, where validation is often all right.
        excess_of_plain, excess_of_fitted = [], []
        truth, new = draw_scores(5_000, 1.3, seed=0, separation=4.0)
        ideal = compute_log_loss(truth, logit(new) / 1.3)
        for seed in range(1, 41):
            labels, probabilities = draw_scores(50, 1.3, seed, separation=4.0)
            logits = logit(probabilities)
            least = minimize_scalar(
                lambda log_slope: compute_log_loss(labels, np.exp(log_slope) * logits),  # noqa: B023
                bounds=(-3, 3),
                method="bounded",
            )
            temperature = fit_temperature(labels, probabilities, np.arange(50))
            plain = compute_log_loss(truth, logit(new) * np.exp(least.x))
            excess_of_plain.append(plain - ideal)
            excess_of_fitted.append(compute_log_loss(truth, logit(new) / temperature) - ideal)
        assert np.mean(excess_of_fitted) < 0.6 * np.mean(excess_of_plain)

    def test_refuses_what_cannot_be_fitted(self):
        with pytest.raises(InputError, match="slices of both classes, found one class"):
            fit_temperature([1, 1], [0.5, 0.6], [0, 1])
        with pytest.raises(InputError, match="one group for each of 2 slices"):
            fit_temperature([0, 1], [0.5, 0.6], [0])
        with pytest.raises(InputError, match="probabilities must lie within"):
            fit_temperature([0, 1], [0.5, 1.6], [0, 1])
