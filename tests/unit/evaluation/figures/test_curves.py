import numpy as np
import pytest
from sklearn.metrics import auc

from tumorscope.errors import InputError
from tumorscope.evaluation.figures import plot_fold_roc, plot_precision_recall, plot_roc

LABELS = np.array([0, 0, 1, 1, 1])
PROBABILITIES = np.array([0.2, 0.6, 0.4, 0.7, 0.9])


def lines(figure):
    (axes,) = figure.axes
    return {line.get_label(): line for line in axes.get_lines()}


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_the_roc_runs_from_corner_to_corner_and_names_its_area():
    figure = plot_roc(LABELS, PROBABILITIES, threshold=0.5)
    points = lines(figure)["AUROC 0.833"].get_xydata()
    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [1, 1]
    assert auc(*points.T) == pytest.approx(5 / 6)
    assert lines(figure)["chance"].get_xydata().tolist() == [[0, 0], [1, 1]]


def test_the_roc_marks_the_point_of_the_threshold():
    figure = plot_roc(LABELS, PROBABILITIES, threshold=0.5)
    label = "threshold 0.5: sensitivity 0.67, specificity 0.50"
    assert lines(figure)[label].get_xydata() == pytest.approx(np.array([[0.5, 2 / 3]]))
    assert legend(figure) == ["chance", "AUROC 0.833", label]


def test_precision_and_recall_name_their_area_and_the_share_of_tumor_slices():
    figure = plot_precision_recall(LABELS, PROBABILITIES, threshold=0.5)
    curve = lines(figure)["average precision 0.917"]
    assert curve.get_xdata().tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3, 1 / 3, 0])
    assert curve.get_ydata().tolist() == pytest.approx([3 / 5, 3 / 4, 2 / 3, 1, 1, 1])
    assert set(lines(figure)["share of tumor slices 0.60"].get_ydata()) == {0.6}


def test_precision_and_recall_mark_the_point_of_the_threshold():
    figure = plot_precision_recall(LABELS, PROBABILITIES, threshold=0.5)
    point = lines(figure)["threshold 0.5: precision 0.67, recall 0.67"]
    assert point.get_xydata() == pytest.approx(np.array([[2 / 3, 2 / 3]]))


def test_a_threshold_that_no_slice_reaches_has_no_point():
    assert not any(
        "threshold" in text for text in legend(plot_precision_recall(LABELS, PROBABILITIES, 1))
    )


@pytest.mark.parametrize("plot", [plot_roc, plot_precision_recall])
def test_one_class_gives_a_sentence_in_place_of_the_curve(plot):
    (axes,) = plot([1, 1], [0.3, 0.8], threshold=0.5).axes
    assert not axes.get_lines()
    (text,) = axes.texts
    assert "2 with and 0 without a tumor" in text.get_text().replace("\n", " ")


@pytest.mark.parametrize("plot", [plot_roc, plot_precision_recall])
def test_unusable_input_is_refused(plot):
    with pytest.raises(InputError, match="found 2 labels and 1 prob"):
        plot([0, 1], [0.5], threshold=0.5)
    with pytest.raises(InputError, match="threshold must lie"):
        plot([0, 1], [0.5, 0.7], threshold=2)


class TestFolds:
    LABELS = np.array([0, 1, 0, 1, 0, 1, 1, 0])
    PROBABILITIES = np.array([0.2, 0.6, 0.7, 0.4, 0.1, 0.9, 0.3, 0.35])
    FOLDS = np.array([0, 0, 0, 0, 1, 1, 1, 1])

    def test_each_fold_has_a_thin_curve_and_all_together_a_thick_one(self):
        figure = plot_fold_roc(self.LABELS, self.PROBABILITIES, self.FOLDS)
        assert legend(figure) == [
            "chance",
            "each fold: AUROC 0.500 to 0.750",
            "all folds together: AUROC 0.750",
        ]
        curves = figure.axes[0].get_lines()[1:]
        assert [auc(*curve.get_xydata().T) for curve in curves] == pytest.approx([0.5, 0.75, 0.75])
        assert [curve.get_linewidth() for curve in curves] == [0.8, 0.8, 2]

    def test_curve_of_repeats_has_the_mean_of_their_areas(self):
        rng = np.random.default_rng(0)
        labels = np.arange(400) % 2
        repeats = 1 / (1 + np.exp(-(labels + rng.normal(0, 1, (2, 400)))))
        folds = np.array([np.arange(400) // 100, np.arange(400) // 2 % 4])
        figure = plot_fold_roc(labels, repeats, folds)
        *thin, thick = figure.axes[0].get_lines()[1:]
        assert len(thin) == 8
        named = float(legend(figure)[-1].rpartition(" ")[2])
        assert auc(*thick.get_xydata().T) == pytest.approx(named, abs=2e-3)
        separate = [
            plot_fold_roc(labels, row, fold) for row, fold in zip(repeats, folds, strict=True)
        ]
        means = np.mean([float(legend(one)[-1].rpartition(" ")[2]) for one in separate])
        assert means == pytest.approx(named, abs=1e-3)

    def test_scores_that_are_none_are_refused(self):
        with pytest.raises(InputError, match=r"within \[0, 1\]"):
            plot_fold_roc(self.LABELS, self.PROBABILITIES + 1, self.FOLDS)
