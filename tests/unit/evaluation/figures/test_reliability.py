import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.figures import plot_reliability

LABELS = np.array([0, 1, 0, 1, 1])
BEFORE = np.array([0.02, 0.04, 0.55, 0.95, 1.0])
AFTER = np.array([0.21, 0.25, 0.55, 0.75, 0.79])


@pytest.fixture
def axes():
    return plot_reliability(*(np.repeat(one, 10) for one in (LABELS, BEFORE, AFTER))).axes


def curves(diagram):
    return {line.get_label(): line.get_xydata() for line in diagram.get_lines()}


def test_points_stand_at_mean_probability_and_share_of_tumors(axes):
    diagram, _ = axes
    before = curves(diagram)["before calibration: calibration error 0.308"]
    np.testing.assert_allclose(before, [[0.03, 0.5], [0.55, 0], [0.975, 1]])
    after = curves(diagram)["calibrated: calibration error 0.310"]
    np.testing.assert_allclose(after, [[0.23, 0.5], [0.55, 0], [0.77, 1]])


def test_a_kept_promise_is_the_diagonal(axes):
    diagram, _ = axes
    assert curves(diagram)["as promised"].tolist() == [[0, 0], [1, 1]]


def test_points_of_few_slices_are_joined():
    diagram, histogram = plot_reliability(LABELS, BEFORE, AFTER).axes
    (before,) = curves(diagram)["before calibration: calibration error 0.308"]
    np.testing.assert_allclose(before, [BEFORE.mean(), 0.6])
    assert [bar.get_height() for bar in histogram.containers[0]] == [2, 1, 2]


def test_bars_below_count_the_slices_of_each_bin(axes):
    _, histogram = axes
    before, after = histogram.containers
    assert [bar.get_height() for bar in before] == [20, 10, 20]
    assert [bar.get_height() for bar in after] == [20, 10, 20]
    assert [text.get_text() for text in histogram.texts] == ["20", "10", "20"] * 2
    middles = [bar.get_x() + bar.get_width() / 2 for bar in before]
    assert [int(middle * 10) for middle in middles] == [0, 5, 9]
    assert [int(10 * (bar.get_x() + bar.get_width() / 2)) for bar in after] == [2, 5, 7]


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match="found 2 labels and 1 prob"):
        plot_reliability([0, 1], [0.5], [0.5, 0.5])
    with pytest.raises(InputError, match="found 2 labels and 1 prob"):
        plot_reliability([0, 1], [0.5, 0.5], [0.5])
