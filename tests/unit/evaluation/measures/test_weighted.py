import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.evaluation.measures.metrics import compute_metrics
from tumorscope.evaluation.measures.weighted import METRIC_NAMES, measure_weighted, sum_verdicts

# Few probabilities, so that many slices are tied, and the threshold is met.
SLICES = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([0.0, 0.2, 0.4, 0.5, 0.7, 1.0]),
        st.sampled_from([0.0, 0.25, 1 / 3, 1.0, 2.0]),
    ),
    min_size=1,
    max_size=25,
)


def columns(slices):
    return (np.array(column) for column in zip(*slices, strict=True))


def measure(labels, probabilities, weights, threshold=0.5):
    """Measure under one weighting."""
    rows = measure_weighted(labels, np.array([probabilities]), threshold, np.array([weights]))
    return {name: values.item() for name, values in rows.items()}


@pytest.mark.slow
@given(SLICES.filter(lambda slices: {label for label, _, weight in slices if weight > 0} == {0, 1}))
def test_figures_equal_those_of_scikit_learn_with_sample_weight(slices):
    labels, probabilities, weights = columns(slices)
    figures = measure(labels, probabilities, weights)
    verdicts = probabilities >= 0.5
    options = {"sample_weight": weights}
    expected = {
        "accuracy": sklearn.metrics.accuracy_score(labels, verdicts, **options),
        "balanced_accuracy": sklearn.metrics.balanced_accuracy_score(labels, verdicts, **options),
        "sensitivity": sklearn.metrics.recall_score(labels, verdicts, **options),
        "recall": sklearn.metrics.recall_score(labels, verdicts, **options),
        "specificity": sklearn.metrics.recall_score(labels, verdicts, pos_label=0, **options),
        "precision": sklearn.metrics.precision_score(
            labels, verdicts, zero_division=np.nan, **options
        ),
        "f1": sklearn.metrics.f1_score(labels, verdicts, zero_division=0, **options),
        "auroc": sklearn.metrics.roc_auc_score(labels, probabilities, **options),
        "average_precision": sklearn.metrics.average_precision_score(
            labels, probabilities, **options
        ),
        "brier": sklearn.metrics.brier_score_loss(labels, probabilities, **options),
        "log_loss": sklearn.metrics.log_loss(labels, probabilities, labels=[0, 1], **options),
    }
    assert tuple(figures) == METRIC_NAMES
    assert figures == pytest.approx(expected, nan_ok=True)


@pytest.mark.slow
@given(SLICES, st.integers(0, 2**32 - 1))
def test_a_weight_is_how_often_a_slice_counts(slices, seed):
    labels, probabilities, _ = columns(slices)
    times = np.random.default_rng(seed).integers(0, 3, len(labels))
    times[0] = 1
    repeated = compute_metrics(np.repeat(labels, times), np.repeat(probabilities, times), 0.5)
    expected = {name: np.nan if repeated[name] is None else repeated[name] for name in METRIC_NAMES}
    assert measure(labels, probabilities, times.astype(float)) == pytest.approx(
        expected, nan_ok=True
    )


def test_each_row_of_weights_is_measured_for_itself():
    labels, probabilities = np.array([0, 1, 1, 0]), np.array([[0.1, 0.4, 0.8, 0.6]])
    weights = np.random.default_rng(0).integers(1, 4, (5, 4)).astype(float)
    together = measure_weighted(labels, probabilities, 0.5, weights)
    for row, one in enumerate(weights):
        alone = measure(labels, probabilities[0], one)
        assert {name: values[row] for name, values in together.items()} == pytest.approx(alone)


def test_repeats_are_averaged_and_one_undefined_repeat_leaves_no_mean():
    labels, weights = np.array([0, 1, 1]), np.ones((1, 3))
    repeats = np.array([[0.1, 0.6, 0.7], [0.2, 0.3, 0.4]])
    figures = measure_weighted(labels, repeats, 0.5, weights)
    assert figures["sensitivity"].item() == pytest.approx((1 + 0) / 2)
    assert figures["accuracy"].item() == pytest.approx((1 + 1 / 3) / 2)
    assert figures["brier"].item() == pytest.approx(
        np.mean([measure(labels, repeat, weights[0])["brier"] for repeat in repeats])
    )
    # The second repeat calls nothing a tumor.
    assert np.isnan(figures["precision"].item())
    assert sum_verdicts(labels, repeats, 0.5, weights).ravel().tolist() == [1, 0, 1, 1]


def test_nothing_drawn_leaves_everything_undefined():
    figures = measure(np.array([0, 1]), np.array([0.2, 0.7]), np.zeros(2))
    assert all(np.isnan(value) for value in figures.values())
