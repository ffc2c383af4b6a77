import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.calibration import apply_temperature, fit_temperature
from tumorscope.evaluation.decisions.conformal import fit_conformal
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.evaluation.decisions.operating_points import choose_operating_points


@pytest.fixture
def scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eighty overconfident scores in forty groups."""
    rng = np.random.default_rng(3)
    labels = np.arange(80) % 2
    logits = 3 * (2 * labels - 1 + rng.normal(0, 1.2, 80))
    return labels, 1 / (1 + np.exp(-logits)), np.arange(80) // 2


def test_everything_but_the_temperature_is_fitted_on_what_the_temperature_gives(scores):
    labels, probabilities, groups = scores
    decision = fit_decision(*scores, target_sensitivity=0.9, conformal_error=0.2)
    assert decision.temperature == fit_temperature(*scores)
    assert decision.temperature > 1
    calibrated = apply_temperature(probabilities, decision.temperature)
    assert decision.operating_points == choose_operating_points(labels, calibrated, groups, 0.9)
    assert decision.limits == fit_conformal(labels, calibrated, groups, 0.2)


def test_thresholds_are_found_by_name(scores):
    decision = fit_decision(*scores, target_sensitivity=0.9, conformal_error=0.2)
    assert decision.get_threshold("half") == 0.5
    assert decision.get_threshold("youden") == decision.operating_points[1].threshold


def test_scores_stay_unchanged_and_one_class_is_refused(scores):
    labels, probabilities, groups = scores
    before = probabilities.copy()
    fit_decision(*scores, target_sensitivity=0.9, conformal_error=0.2)
    assert (probabilities == before).all()
    with pytest.raises(InputError, match="both classes"):
        fit_decision(np.ones_like(labels), probabilities, groups, 0.9, 0.2)
