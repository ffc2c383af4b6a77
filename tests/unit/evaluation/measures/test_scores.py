import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.scores import check_scores, check_threshold


def test_labels_and_probabilities_come_back_as_plain_arrays():
    labels, probabilities = check_scores([0, 1, True], np.float32([0.25, 0.5, 1]))
    assert labels.dtype == np.int64
    assert labels.tolist() == [0, 1, 1]
    assert probabilities.dtype == np.float64
    assert probabilities.tolist() == [0.25, 0.5, 1.0]


@pytest.mark.parametrize(
    ("labels", "probabilities", "message"),
    [
        ([], [], "at least one slice"),
        ([0, 1], [0.5], "found 2 labels and 1 probabilities"),
        ([[0], [1]], [0.5, 0.5], r"labels must have shape \(N,\), found \(2, 1\)"),
        ([0, 1], [[0.5], [0.5]], r"probabilities must have shape \(N,\)"),
        ([0, 2], [0.5, 0.5], "found 2"),
        ([0, np.nan], [0.5, 0.5], "found nan"),
        (["yes", "no"], [0.5, 0.5], "labels must be numbers"),
        ([0, 1], [0.5, 1.01], "found 1.01"),
        ([0, 1], [-0.1, 0.5], "found -0.1"),
        ([0, 1], [0.5, np.nan], "found nan"),
        ([0, 1], [0.5, np.inf], "found inf"),
    ],
)
def test_unusable_scores_are_refused(labels, probabilities, message):
    with pytest.raises(InputError, match=message):
        check_scores(labels, probabilities)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, np.nan])
def test_a_threshold_outside_of_probabilities_is_refused(threshold):
    with pytest.raises(InputError, match="threshold must lie within"):
        check_threshold(threshold)
