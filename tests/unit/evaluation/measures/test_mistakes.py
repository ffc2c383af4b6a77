import pandas as pd

from tumorscope.evaluation.measures.mistakes import rank_mistakes


def predictions():
    return pd.DataFrame(
        {
            "path": ["right.png", "b.png", "missed.png", "a.png", "worst.png"],
            "label": [1, 0, 1, 0, 0],
            "probability": [0.9, 0.6, 0.2, 0.6, 0.99],
            "correct": [True, False, False, False, False],
            "group": range(5),
        }
    )


def test_the_most_confident_mistakes_come_first_and_equals_by_path():
    worst = rank_mistakes(predictions(), 10)
    assert worst["path"].tolist() == ["worst.png", "missed.png", "a.png", "b.png"]


def test_no_more_than_asked_for():
    assert rank_mistakes(predictions(), 1)["path"].tolist() == ["worst.png"]


def test_of_a_group_only_the_worst_is_taken():
    table = predictions().assign(group=[0, 1, 2, 1, 2])
    assert rank_mistakes(table, 10)["path"].tolist() == ["worst.png", "a.png"]


def test_columns_and_input_stay_as_they_were():
    table = predictions()
    worst = rank_mistakes(table, 2)
    assert list(worst.columns) == list(table.columns)
    pd.testing.assert_frame_equal(table, predictions())
