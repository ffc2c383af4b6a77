import json
import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import weigh_groups
from tumorscope.evaluation.measures.metrics import compute_metrics

SCORES = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=40)
BOTH_CLASSES = SCORES.filter(lambda scores: len({label for label, _ in scores}) == 2)
THRESHOLDS = st.floats(0, 1)


def split(scores):
    labels, probabilities = zip(*scores, strict=True)
    return np.array(labels), np.array(probabilities)


def test_figures_equal_those_worked_out_by_hand():
    # Two slices without and three with a tumor; at 0.5: one false alarm, one miss.
    metrics = compute_metrics([0, 0, 1, 1, 1], [0.2, 0.6, 0.4, 0.7, 0.9], threshold=0.5)
    assert metrics["counts"] == {
        "true_positive": 2,
        "false_positive": 1,
        "true_negative": 1,
        "false_negative": 1,
    }
    assert (metrics["slices"], metrics["tumor"], metrics["no_tumor"]) == (5, 3, 2)
    assert metrics["threshold"] == 0.5
    assert metrics["accuracy"] == pytest.approx(3 / 5)
    assert metrics["precision"] == pytest.approx(2 / 3)
    assert metrics["recall"] == pytest.approx(2 / 3)
    assert metrics["sensitivity"] == metrics["recall"]
    assert metrics["specificity"] == pytest.approx(1 / 2)
    assert metrics["balanced_accuracy"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert metrics["f1"] == pytest.approx(2 / 3)
    # Five of the six pairs (tumor, no tumor) are in the right order.
    assert metrics["auroc"] == pytest.approx(5 / 6)
    # Down the ranking: precision 1, 1 and 3/4 where a tumor slice is met.
    assert metrics["average_precision"] == pytest.approx((1 + 1 + 3 / 4) / 3)
    assert metrics["brier"] == pytest.approx((0.04 + 0.36 + 0.36 + 0.09 + 0.01) / 5)
    assert metrics["log_loss"] == pytest.approx(
        -(math.log(0.8) + math.log(0.4) + math.log(0.4) + math.log(0.7) + math.log(0.9)) / 5
    )


def test_a_probability_at_the_threshold_is_a_tumor():
    assert compute_metrics([1], [0.5], threshold=0.5)["counts"]["true_positive"] == 1


def test_one_class_leaves_what_needs_both_undefined():
    metrics = compute_metrics([0, 0, 0], [0.1, 0.2, 0.7], threshold=0.5)
    undefined = {name for name, value in metrics.items() if value is None}
    assert undefined == {
        "balanced_accuracy",
        "recall",
        "sensitivity",
        "auroc",
        "average_precision",
    }
    assert metrics["specificity"] == pytest.approx(2 / 3)
    assert metrics["precision"] == 0


def test_tumor_slices_alone_have_no_specificity_and_no_ranking():
    metrics = compute_metrics([1, 1], [0.4, 0.6], threshold=0.5)
    undefined = {name for name, value in metrics.items() if value is None}
    assert undefined == {"balanced_accuracy", "specificity", "auroc", "average_precision"}


def test_without_a_positive_verdict_there_is_no_precision():
    metrics = compute_metrics([0, 1], [0.1, 0.2], threshold=0.5)
    assert metrics["precision"] is None
    assert metrics["recall"] == 0
    assert metrics["f1"] == 0


def test_without_any_positive_there_is_no_f1():
    assert compute_metrics([0, 0], [0.1, 0.2], threshold=0.5)["f1"] is None


def test_figures_are_ready_for_json():
    metrics = compute_metrics(np.array([0, 1]), np.float32([0.1, 0.9]), threshold=np.float32(0.5))
    assert json.loads(json.dumps(metrics, allow_nan=False)) == metrics


def test_the_arrays_of_the_caller_stay_unchanged():
    labels, probabilities = np.array([0, 1, 1]), np.array([0.3, 0.6, 0.1])
    compute_metrics(labels, probabilities, threshold=0.5)
    assert labels.tolist() == [0, 1, 1]
    assert probabilities.tolist() == [0.3, 0.6, 0.1]


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="probabilities must lie within"):
        compute_metrics([0, 1], [0.5, 2.0], threshold=0.5)
    with pytest.raises(InputError, match="threshold must lie within"):
        compute_metrics([0, 1], [0.5, 0.5], threshold=50)


@pytest.mark.slow
@given(SCORES, THRESHOLDS)
def test_every_defined_figure_is_a_share_and_the_counts_add_up(scores, threshold):
    metrics = compute_metrics(*split(scores), threshold)
    assert sum(metrics["counts"].values()) == metrics["slices"] == len(scores)
    shares = [
        value for name, value in metrics.items() if isinstance(value, float) and name != "log_loss"
    ]
    assert all(0 <= share <= 1 for share in shares)
    assert metrics["log_loss"] >= 0


@pytest.mark.slow
@given(BOTH_CLASSES, THRESHOLDS)
def test_shares_equal_those_of_scikit_learn(scores, threshold):
    labels, probabilities = split(scores)
    metrics = compute_metrics(labels, probabilities, threshold)
    verdicts = probabilities >= threshold
    assert metrics["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(labels, verdicts))
    assert metrics["balanced_accuracy"] == pytest.approx(
        sklearn.metrics.balanced_accuracy_score(labels, verdicts)
    )
    assert metrics["f1"] == pytest.approx(sklearn.metrics.f1_score(labels, verdicts))
    assert metrics["brier"] == pytest.approx(
        sklearn.metrics.brier_score_loss(labels, probabilities)
    )


@pytest.mark.slow
@given(BOTH_CLASSES)
def test_auroc_is_the_share_of_pairs_in_the_right_order(scores):
    labels, probabilities = split(scores)
    difference = probabilities[labels == 1][:, None] - probabilities[labels == 0]
    pairs = np.mean((difference > 0) + 0.5 * (difference == 0))
    assert compute_metrics(labels, probabilities, 0.5)["auroc"] == pytest.approx(pairs)


@pytest.mark.slow
@given(SCORES, THRESHOLDS, st.randoms(use_true_random=False))
def test_the_order_of_the_slices_does_not_matter(scores, threshold, random):
    metrics = compute_metrics(*split(scores), threshold)
    shuffled = compute_metrics(*split(random.sample(scores, len(scores))), threshold)
    assert shuffled.pop("counts") == metrics.pop("counts")
    assert shuffled == pytest.approx(metrics)


def test_with_weights_of_groups_each_group_counts_once():
    # A group of three wrong copies, and two slices that are right.
    labels, probabilities = [1, 1, 1, 1, 0], [0.2, 0.2, 0.2, 0.9, 0.1]
    weights = weigh_groups([5, 5, 5, 7, 8])
    metrics = compute_metrics(labels, probabilities, 0.5, weights)
    assert metrics["accuracy"] == pytest.approx(2 / 3)
    assert metrics["sensitivity"] == pytest.approx(1 / 2)
    assert metrics["specificity"] == 1
    assert metrics["counts"] == pytest.approx(
        {"true_positive": 1, "false_positive": 0, "true_negative": 1, "false_negative": 1}
    )
    # Slices are counted as they are.
    assert (metrics["slices"], metrics["tumor"], metrics["no_tumor"]) == (5, 4, 1)


def test_weights_of_one_change_nothing():
    scores = [0, 1, 1, 0], [0.1, 0.4, 0.6, 0.7], 0.5
    assert compute_metrics(*scores, weights=[1, 1, 1, 1]) == compute_metrics(*scores)


def test_counts_without_weights_are_whole_numbers():
    counts = compute_metrics([0, 1], [0.2, 0.7], 0.5)["counts"]
    assert {type(count) for count in counts.values()} == {int}


def test_repeats_are_averaged():
    labels, repeats = [0, 1, 1], [[0.1, 0.6, 0.7], [0.6, 0.3, 0.7]]
    averaged = compute_metrics(labels, repeats, 0.5)
    alone = [compute_metrics(labels, repeat, 0.5) for repeat in repeats]
    for name in ("accuracy", "precision", "f1", "auroc", "log_loss"):
        assert averaged[name] == pytest.approx((alone[0][name] + alone[1][name]) / 2)
    assert averaged["counts"]["true_positive"] == 1.5
    assert averaged["slices"] == 3


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, 1, 1], "expected 2 weights"),
        ([1, 0], "positive finite"),
        ([1, np.nan], "positive finite"),
        ([1, np.inf], "positive finite"),
    ],
)
def test_unusable_weights_are_refused(weights, message):
    with pytest.raises(InputError, match=message):
        compute_metrics([0, 1], [0.2, 0.7], 0.5, weights)
