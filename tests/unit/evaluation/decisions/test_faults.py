import numpy as np
import pytest

from tumorscope.evaluation.decisions.conformal import ConformalLimits, fit_conformal
from tumorscope.evaluation.decisions.faults import find_missing_verdicts, is_collapsed


class TestMissingVerdicts:
    def test_class_that_is_never_ruled_out_leaves_the_other_without_a_verdict(self):
        assert find_missing_verdicts(0.5, ConformalLimits(1.0, 0.4)) == ("tumor",)
        assert find_missing_verdicts(0.5, ConformalLimits(0.4, 1.0)) == ("no tumor",)
        assert find_missing_verdicts(0.5, ConformalLimits(1.0, 1.0)) == ("no tumor", "tumor")

    def test_none_is_missing_where_both_classes_can_be_ruled_out(self):
        assert find_missing_verdicts(0.5, ConformalLimits(0.9, 0.4)) == ()

    def test_limit_that_a_flat_temperature_never_passes_counts(self):
        limits = ConformalLimits(0.97, 0.4)
        assert find_missing_verdicts(0.5, limits, temperature=1.0) == ()
        assert find_missing_verdicts(0.5, limits, temperature=8.0) == ("tumor",)

    @pytest.mark.parametrize(("groups", "missing"), [(8, ("tumor",)), (9, ())])
    def test_eight_groups_without_a_tumor_are_too_few_and_nine_are_enough(self, groups, missing):
        labels = np.array([0] * groups + [1] * 20)
        probabilities = np.linspace(0.1, 0.9, len(labels))
        limits = fit_conformal(labels, probabilities, np.arange(len(labels)), error=0.1)
        assert find_missing_verdicts(0.5, limits) == missing


class TestCollapse:
    def test_answers_that_are_all_alike_are_a_collapse(self):
        generator = np.random.default_rng(0)
        labels = np.arange(60) % 2
        assert is_collapsed(labels, 0.61 + generator.normal(0, 1e-3, 60))
        assert is_collapsed(labels, np.full(60, 1e-7))

    def test_weak_network_has_not_collapsed(self):
        labels = np.arange(60) % 2
        assert not is_collapsed(labels, 0.5 + np.random.default_rng(0).normal(0, 0.02, 60))

    def test_rare_class_that_is_told_apart_is_enough(self):
        labels = np.arange(500) == 0
        assert not is_collapsed(labels, labels * 0.9)


def test_slices_of_one_class_alone_do_not_tell_whether_a_network_has_collapsed():
    assert not is_collapsed(np.zeros(20), np.full(20, 0.01))
