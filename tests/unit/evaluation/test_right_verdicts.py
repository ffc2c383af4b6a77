import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.right_verdicts import measure_right_verdicts

T, N, U, X = "tumor", "no tumor", "uncertain", "not assessable"


def test_whatever_is_not_the_right_verdict_counts_against_it():
    measured = measure_right_verdicts(
        [1, 1, 1, 1, 1, 0, 0, 0], [T, T, U, N, X, N, T, N], [0, 0, 1, 2, 3, 4, 5, 6]
    )
    tumor, healthy = measured["tumor"], measured["no_tumor"]
    assert (tumor["count"], tumor["groups"]) == (5, 4)
    assert [tumor[name] for name in ("right", "wrong", "uncertain", "not_assessable")] == [
        0.4, 0.2, 0.2, 0.2
    ]  # fmt: skip
    assert healthy["right"] == pytest.approx(2 / 3)
    assert healthy["interval"][0] < 2 / 3 < healthy["interval"][1]


def test_a_class_that_is_not_there_has_none_and_without_a_mistake_groups_bound_it():
    measured = measure_right_verdicts([0] * 20, [N] * 20, np.arange(20))
    assert measured["tumor"] is None
    assert measured["no_tumor"]["right"] == 1
    low, high = measured["no_tumor"]["interval"]
    # Clopper and Pearson's lower end of 20 of 20: 0.025 ** (1 / 20).
    assert (low, high) == (pytest.approx(0.025 ** (1 / 20), abs=0.01), 1)


def test_labels_and_verdicts_of_unequal_length_are_refused():
    with pytest.raises(InputError):
        measure_right_verdicts([0, 1], [N], [0])
