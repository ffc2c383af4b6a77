import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.guessing import guess_labels, measure_guess


def test_a_guess_is_the_share_of_tumors_in_the_cell_drawn_towards_that_of_all():
    guessed = guess_labels(["a", "a", "a", "b", "b"], [1, 1, 0, 0, 1], [0, 0, 1, 2, 3])
    np.testing.assert_allclose(guessed, [(2 + 0.6) / 4] * 3 + [(1 + 0.6) / 3] * 2)


def test_weights_count_as_often_as_a_slice_would_be_there():
    cells, labels, groups = ["a"] * 3 + ["b"] * 3, [1, 0, 0, 1, 1, 0], range(6)
    repeated = [0, 0, 0, 1, 2, 3, 4, 4, 4, 5]
    weighted = guess_labels(cells, labels, groups, [3, 1, 1, 1, 3, 1])
    often = guess_labels(*(np.asarray(each)[repeated] for each in (cells, labels, groups)))
    # Scaled to the number of slices, so that the prior weighs a little more.
    np.testing.assert_allclose(weighted, often[[0, 3, 4, 5, 6, 9]], atol=0.02)


def test_a_cell_that_tells_the_label_is_found_and_one_that_does_not_is_not():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 400)
    groups = np.arange(400) // 2
    told = np.where(random.random(400) < 0.9, labels, 1 - labels)
    assert measure_guess(told, labels, groups) == pytest.approx(
        roc_auc_score(labels, told), abs=0.02
    )
    assert measure_guess(random.integers(0, 4, 400), labels, groups) == pytest.approx(0.5, abs=0.08)


def test_a_patient_alone_in_its_cell_does_not_give_itself_away():
    labels = np.repeat([0, 1], 20)
    groups = np.arange(40) // 4
    assert measure_guess(groups, labels, groups) <= 0.5


def test_one_class_has_no_guess_and_cells_of_another_length_are_refused():
    assert measure_guess(["a", "b"], [1, 1], [0, 1]) is None
    with pytest.raises(InputError, match="expected a cell for each of 2 slices"):
        guess_labels(["a"], [0, 1], [0, 1])
