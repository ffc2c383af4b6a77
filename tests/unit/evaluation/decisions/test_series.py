import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.conformal import fit_conformal
from tumorscope.evaluation.decisions.operating_points import choose_operating_points
from tumorscope.evaluation.decisions.series import fit_platt, fit_series_decision
from tumorscope.evaluation.decisions.verdicts import UNCERTAIN, decide_verdicts
from tumorscope.evaluation.decisions.vote import calibrate_votes

# Of the prior on the slope: what scikit-learn calls C is the inverse of its precision.
WEAK = 10.0


def draw_votes(
    heads: int, seed: int, apart: float = 2.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Votes of heads of which every third has two series, all of them high; labels and groups."""
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(heads), np.arange(0, heads, 3)])
    labels = groups % 2
    logits = 2 + apart * labels + rng.normal(0, 1, len(groups))
    return labels, 1 / (1 + np.exp(-logits)), groups


def fit_with_scikit_learn(labels, votes, groups) -> tuple[float, float]:
    logits = np.log(votes / (1 - votes))[:, np.newaxis]
    weights = 1 / np.bincount(groups)[groups]
    model = LogisticRegression(C=WEAK, tol=1e-12, max_iter=10_000)
    model.fit(logits, labels, sample_weight=weights)
    return model.coef_[0, 0], model.intercept_[0]


class TestPlatt:
    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("apart", [0.5, 2.0, 8.0])
    def test_is_what_scikit_learn_finds_with_the_same_prior_and_weights(self, seed, apart):
        votes = draw_votes(60, seed, apart)
        assert fit_platt(*votes) == pytest.approx(fit_with_scikit_learn(*votes), rel=1e-4)

    def test_classes_that_are_apart_leave_the_slope_finite(self):
        labels, votes = np.repeat([0, 1], 50), np.repeat([0.2, 0.9], 50)
        slope, intercept = fit_platt(labels, votes, np.arange(100))
        assert 1 < slope < 10
        low, high = calibrate_votes([0.2, 0.9], slope, intercept)
        assert 0 < low < 0.05
        assert 0.95 < high < 1

    def test_certain_votes_are_no_infinite_ones(self):
        slope, intercept = fit_platt([0, 1] * 10, [0.0, 1.0] * 10, np.arange(20))
        assert np.isfinite([slope, intercept]).all()
        assert 0 < calibrate_votes([1.0], slope, intercept)[0] < 1

    def test_votes_in_the_wrong_order_say_nothing(self):
        labels = np.array([0, 0, 0, 1] * 5)
        slope, intercept = fit_platt(labels, np.where(labels, 0.2, 0.8), np.arange(20))
        assert slope == 0
        assert calibrate_votes([0.1, 0.9], slope, intercept) == pytest.approx([0.25, 0.25])

    def test_patient_with_many_series_counts_once(self):
        labels, votes, groups = draw_votes(40, 3)
        is_one = groups == 4
        many = [np.concatenate([part, *[part[is_one]] * 9]) for part in (labels, votes, groups)]
        assert fit_platt(*many) == pytest.approx(fit_platt(labels, votes, groups), rel=1e-9)

    def test_one_class_is_refused(self):
        with pytest.raises(InputError, match="both classes"):
            fit_platt([1, 1], [0.2, 0.3], [0, 1])


class TestDecision:
    def test_all_but_the_calibration_is_fitted_on_what_it_gives(self):
        labels, votes, groups = draw_votes(60, 1)
        decision = fit_series_decision(labels, votes, groups, 0.9, 0.2)
        assert (decision.slope, decision.intercept) == fit_platt(labels, votes, groups)
        calibrated = calibrate_votes(votes, decision.slope, decision.intercept)
        points = choose_operating_points(labels, calibrated, groups, 0.9)
        assert decision.operating_points == points
        assert decision.get_threshold("youden") == points[1].threshold
        assert decision.limits == fit_conformal(labels, calibrated, groups, 0.2)
        assert (decision.no_tumor, decision.tumor) == ((labels == 0).sum(), (labels == 1).sum())

    @pytest.mark.parametrize(("heads", "error", "fits"), [(16, 0.1, False), (18, 0.1, True)])
    def test_needs_as_many_heads_of_each_class_as_the_promise(self, heads, error, fits):
        # Nine of each with an error of 0.1; the second series of a head does not help.
        decision = fit_series_decision(*draw_votes(heads, 2), 0.95, error)
        assert (decision is not None) == fits

    def test_without_series_there_is_none(self):
        assert fit_series_decision([], [], [], 0.95, 0.1) is None

    def test_healthy_heads_with_high_votes_are_called_healthy(self):
        labels, votes, groups = draw_votes(400, 5, apart=5)
        assert votes[labels == 0].mean() > 0.8  # what a slice's threshold calls a tumor
        decision = fit_series_decision(labels, votes, groups, 0.95, 0.1)
        new_labels, new_votes, _ = draw_votes(400, 6, apart=5)
        calibrated = calibrate_votes(new_votes, decision.slope, decision.intercept)
        verdicts = decide_verdicts(calibrated, 0.5, decision.limits)
        assert (verdicts[new_labels == 0] == "no tumor").mean() > 0.85
        assert (verdicts[new_labels == 1] == "tumor").mean() > 0.85

    @given(
        st.integers(0, 50),
        st.floats(-2, 6),
        st.lists(st.floats(0, 1), min_size=2, max_size=30),
        st.sampled_from(["half", "youden", "target_sensitivity"]),
    )
    @pytest.mark.slow
    def test_a_higher_vote_never_means_less_of_a_tumor(self, seed, apart, votes, point):
        decision = fit_series_decision(*draw_votes(24, seed, apart), 0.95, 0.2)
        ordered = calibrate_votes(np.sort(votes), decision.slope, decision.intercept)
        verdicts = decide_verdicts(ordered, decision.get_threshold(point), decision.limits)
        ranks = [["no tumor", UNCERTAIN, "tumor"].index(verdict) for verdict in verdicts]
        assert ranks == sorted(ranks)
