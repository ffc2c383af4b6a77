import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_curve, roc_curve

from tumorscope.evaluation.measures.curves import trace_precision_recall, trace_roc

SCORES = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from([0, 0.1, 0.25, 0.5, 0.75, 0.9, 1])),
    min_size=2,
    max_size=60,
).filter(lambda rows: len({label for label, _ in rows}) == 2)


def take(rows):
    labels, probabilities = zip(*rows, strict=True)
    return np.array(labels), np.array(probabilities, float)


def test_points_of_the_roc_are_those_counted_by_hand():
    rates, sensitivities = trace_roc(np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9]))
    assert rates.tolist() == [0, 0, 0.5, 0.5, 1]
    assert sensitivities.tolist() == [0, 0.5, 0.5, 1, 1]


@pytest.mark.slow
@given(SCORES)
def test_the_roc_is_that_of_scikit_learn_to_the_last_bit(rows):
    labels, probabilities = take(rows)
    for ours, theirs in zip(
        trace_roc(labels, probabilities), roc_curve(labels, probabilities), strict=False
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
@given(SCORES)
def test_precision_and_recall_are_those_of_scikit_learn_to_the_last_bit(rows):
    labels, probabilities = take(rows)
    theirs = precision_recall_curve(labels, probabilities)
    for ours, expected in zip(trace_precision_recall(labels, probabilities), theirs, strict=False):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("trace", [trace_roc, trace_precision_recall])
def test_the_scores_given_stay_as_they_are(trace):
    labels, probabilities = np.array([0, 1, 1]), np.array([0.3, 0.2, 0.8])
    trace(labels, probabilities)
    assert (labels.tolist(), probabilities.tolist()) == ([0, 1, 1], [0.3, 0.2, 0.8])
