import numpy as np
import pytest

from tumorscope.evaluation.comparison import compare_scores
from tumorscope.evaluation.figures import plot_comparison
from tumorscope.evaluation.figures.style import BLUE, VERMILLION


def compare(second_model="better"):
    generator = np.random.default_rng(0)
    groups = generator.integers(0, 30, 100)
    labels = groups % 2
    errors = generator.normal(0, 0.3, 100)
    first = np.clip(0.3 + 0.4 * labels + errors, 0, 1)
    second = first if second_model == "same" else np.clip(0.3 + 0.4 * labels + errors / 2, 0, 1)
    return compare_scores(labels, first, second, 0.5, groups, resamples=100)


def test_every_figure_is_a_row_with_slices_above_groups():
    comparison = compare()
    shares, brier, log_loss = plot_comparison(comparison, ("a", "b")).axes
    rows = [label.get_text() for label in shares.get_yticklabels()]
    assert rows[:3] == ["Accuracy", "Balanced accuracy", "Sensitivity"]
    assert len(rows) == 8
    for axes, row, name in (
        (shares, 0, "accuracy"),
        (brier, 0, "brier"),
        (log_loss, 0, "log_loss"),
    ):
        for part, color, above in (
            (comparison, BLUE, True),
            (comparison["per_group"], VERMILLION, False),
        ):
            difference = part["differences"][name]
            lines = [
                line
                for line in axes.get_lines()
                if line.get_color() == color
                and len(line.get_ydata())
                and abs(line.get_ydata()[0] - row) < 0.5
            ]
            assert [list(line.get_xdata()) for line in lines] == [
                [difference["difference"]],
                difference["interval"],
            ]
            assert all((line.get_ydata()[0] < row) == above for line in lines)


@pytest.mark.slow
def test_better_is_right_for_losses_as_well():
    shares, brier, log_loss = plot_comparison(compare(), ("a", "b")).axes
    assert not shares.xaxis_inverted()
    assert brier.xaxis_inverted()
    assert log_loss.xaxis_inverted()
    left, right = log_loss.texts[-2:]
    assert (left.get_text().strip(), right.get_text().strip()) == ("← a better", "b better →")
    assert (left.get_ha(), right.get_ha()) == ("right", "left")
    assert left.xy == right.xy == (0, 0)
    for axes in (shares, brier, log_loss):
        assert any(list(line.get_xdata()) == [0, 0] for line in axes.get_lines())


def test_numbers_stand_beside_the_rows():
    comparison = compare()
    shares, *_ = plot_comparison(comparison, ("a", "b")).axes
    difference = comparison["differences"]["accuracy"]
    low, high = difference["interval"]
    text = f"{difference['difference']:+.3f}  [{low:+.3f}, {high:+.3f}]".replace("-", "\u2212")
    assert shares.texts[0].get_text() == text
    assert [text.get_text() for text in shares.get_legend().get_texts()] == [
        "each of 100 slices counts once",
        f"each of {comparison['groups']} groups counts once",
    ]


def test_without_an_interval_there_is_only_the_difference():
    shares, *_ = plot_comparison(compare("same"), ("a", "b")).axes
    assert {text.get_text() for text in shares.texts} == {"+0.000"}


def test_an_undefined_figure_says_so():
    comparison = compare_scores([0, 0, 0], [0.1, 0.6, 0.2], [0.2, 0.3, 0.1], 0.5, [0, 1, 2])
    figure = plot_comparison(comparison, ("a", "b"))
    assert "undefined" in {text.get_text() for text in figure.axes[0].texts}
    figure.canvas.draw()


@pytest.mark.parametrize("name", ["cv/" + "x" * 80, "$\\frac$", "cv/脳"])
def test_names_of_any_kind_are_drawn(name):
    # Warnings are errors here: a missing glyph or a broken formula would fail the drawing.
    figure = plot_comparison(compare(), (name, name))
    figure.canvas.draw()
    assert all(len(text.get_text()) < 50 for text in figure.axes[-1].texts[-2:])
