import numpy as np

from tumorscope.evaluation.figures.faithfulness import plot_faithfulness


def test_each_method_is_one_line_in_either_panel_and_no_two_look_alike():
    curves = {f"method {n}": [[0, n / 15, 1], [1, n / 15, 0]] for n in range(15)}
    insertion, deletion = plot_faithfulness(curves).axes
    for panel, ends in ((insertion, [0, 1]), (deletion, [1, 0])):
        lines = panel.get_lines()
        assert [line.get_label() for line in lines] == list(curves)
        assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 15
        for number, line in enumerate(lines):
            expected = [[0, ends[0]], [0.5, number / 15], [1, ends[1]]]
            np.testing.assert_allclose(line.get_xydata(), expected)
