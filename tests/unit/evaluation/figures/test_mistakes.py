import numpy as np
import pandas as pd

from tumorscope.evaluation.figures import plot_mistakes


def predictions(names, correct=False):
    count = len(names)
    return pd.DataFrame(
        {
            "path": [f"yes/{name}" for name in names],
            "label": [1] * count,
            "probability": np.linspace(0.1, 0.4, count),
            "correct": [correct] * count,
            "group": range(count),
        }
    )


def read_gray(path):
    return np.full((8, 8, 3), 100, np.uint8)


def drawn(figure):
    return [axes for axes in figure.axes if axes.images]


def render(figure):
    figure.canvas.draw()


def test_the_worst_mistakes_are_drawn_in_order_with_truth_probability_and_name():
    table = predictions(["a.png", "b.png", "c.png"])
    table.loc[2, ["label", "probability"]] = [0, 0.95]
    asked = []

    def read(path):
        asked.append(path)
        return read_gray(path)

    figure = plot_mistakes(table, read, count=2)
    first, second = drawn(figure)
    assert asked == ["yes/c.png", "yes/a.png"]
    assert first.get_title() == "no tumor, called one"
    assert first.get_xlabel() == "tumor probability 0.950\nc.png"
    assert second.get_title() == "a tumor, missed"
    assert second.get_xlabel() == "tumor probability 0.100\na.png"
    assert first.images[0].get_array().shape == (8, 8, 3)
    assert figure.get_suptitle() == "Worst mistakes: 2 of 3, one of each group (3 of 3 slices)"


def test_of_copies_one_is_drawn_and_all_are_counted():
    figure = plot_mistakes(predictions(["a.png", "b.png"]).assign(group=7), read_gray, count=2)
    assert [axes.get_xlabel().splitlines()[1] for axes in drawn(figure)] == ["a.png"]
    assert figure.get_suptitle() == "Worst mistakes: 1 of 1, one of each group (2 of 2 slices)"


def test_without_mistakes_the_figure_says_so():
    figure = plot_mistakes(predictions(["a.png", "b.png"], correct=True), read_gray, count=4)
    assert not drawn(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == [
        "No mistakes: all 2 slices are called rightly."
    ]


def test_unfilled_places_of_the_sheet_stay_blank():
    figure = plot_mistakes(predictions([f"{i}.png" for i in range(5)]), read_gray, count=9)
    assert len(drawn(figure)) == 5
    assert not any(axes.axison for axes in figure.axes if not axes.images)


def test_a_long_name_is_shortened_in_its_middle():
    (axes,) = drawn(plot_mistakes(predictions([f"{'a' * 80}-7.png"]), read_gray, count=1))
    name = axes.get_xlabel().splitlines()[1]
    assert len(name) < 30
    assert name.startswith("aaa")
    assert name.endswith("-7.png")


def test_names_that_are_no_formula_or_have_no_glyph_are_drawn_all_the_same():
    # Warnings are errors here: a missing glyph or a broken formula would fail the drawing.
    figure = plot_mistakes(predictions(["$\\frac$.png", "脳\n\t1.png"]), read_gray, count=2)
    render(figure)
    names = [axes.get_xlabel().split("\n", 1)[1] for axes in drawn(figure)]
    assert names == ["$\\frac$.png", "\u25a1\u25a1\u25a11.png"]
