import pandas as pd

from tumorscope.workflows.crossval.left_out import measure_left_out


def test_each_value_has_its_figures_and_the_worst_is_named():
    predictions = pd.DataFrame(
        {
            "left_out": ["A"] * 4 + ["B"] * 4,
            "label": [0, 0, 1, 1] + [0] * 4,
            "probability": [0.1, 0.2, 0.8, 0.9, 0.1, 0.7, 0.2, 0.3],
            "group": range(8),
            "verdict": ["no tumor"] * 2 + ["tumor"] * 2 + ["no tumor", "tumor"] + ["no tumor"] * 2,
            "reason": [None] * 7 + ["unlike"],
        }
    )
    measured = measure_left_out(predictions)
    assert measured["worst"] == "B"
    assert measured["values"]["A"]["auroc"] == 1
    of_b = measured["values"]["B"]
    assert (of_b["auroc"], of_b["specificity"], of_b["guard"]["refused"]) == (None, 0.75, 1)
    right = of_b["right_verdicts"]["no_tumor"]
    assert (right["right"], right["wrong"], right["not_assessable"]) == (0.5, 0.25, 0.25)
