from tumorscope.evaluation.figures import plot_confusion_matrix


def texts(figure):
    """Every text in the cells, by the cell it stands in: (row, column)."""
    (axes,) = figure.axes
    cells = {}
    for text in axes.texts:
        column, row = text.get_position()
        cells.setdefault((round(row), round(column)), []).append(text.get_text())
    return cells


def counts(true_positive, false_positive, true_negative, false_negative):
    return {
        "true_positive": true_positive,
        "false_positive": false_positive,
        "true_negative": true_negative,
        "false_negative": false_negative,
    }


def test_each_cell_shows_its_count_and_its_share_of_the_true_class():
    assert texts(plot_confusion_matrix(counts(30, 4, 16, 10))) == {
        (0, 0): ["16", "80.0%"],
        (0, 1): ["4", "20.0%"],
        (1, 0): ["10", "25.0%"],
        (1, 1): ["30", "75.0%"],
    }


def test_rows_are_the_truth_and_columns_the_verdict():
    (axes,) = plot_confusion_matrix(counts(30, 4, 16, 10)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["no tumor", "tumor"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "no tumor\n(n = 20)",
        "tumor\n(n = 40)",
    ]
    assert axes.get_ylabel() == "the truth"
    assert axes.get_xlabel() == "called by the model"


def test_a_class_without_slices_has_no_percentages():
    cells = texts(plot_confusion_matrix(counts(3, 0, 0, 1)))
    assert cells[0, 0] == cells[0, 1] == ["0", "no slices"]
    assert cells[1, 1] == ["3", "75.0%"]
