import pytest

from tumorscope.report.series_rows import OF_FOLDS, OF_LEFT_OUT, OF_MODEL, describe_series

SHARE = {"groups": 20, "share": 0.1, "interval": [0.012, 0.317]}
KIND = {
    "count": 30,
    "groups": 20,
    "tumor": 18,
    "no_tumor": 12,
    "answers": 30,
    "assessable": 28,
    "fitted": 30,
    "slices": {"assessed": 1300, "of": 1400},
    "auroc": 0.9,
    "sensitivity": 0.8,
    "specificity": None,
    "intervals": {"auroc": [0.8, 0.95], "sensitivity": [0.7, 0.9], "specificity": None},
    "right_verdicts": {"tumor": {"right": 0.75, "interval": [0.6, 0.85]}, "no_tumor": None},
    "uncertain": SHARE,
    "not_assessable": {**SHARE, "share": 0.0},
}


def plain(text: str) -> str:
    """Put a space for a space that does not break, and a hyphen for a dash."""
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")


def test_data_without_series_have_no_table():
    assert describe_series({}, OF_FOLDS) is None


def test_a_row_has_a_figure_with_its_interval_below_each_heading():
    table = describe_series({"series": {**KIND, "by": {}}}, OF_FOLDS)
    (row,) = table.rows
    assert (row.name, row.counted) == (
        "all",
        "18 with, 12 without a tumor, of 20 patients or groups; 1,300 of 1,400 slices assessed",
    )  # fmt: skip
    assert [(plain(figure.value), plain(figure.interval)) for figure in row.figures] == [
        ("0.900", "0.800-0.950"),
        ("80.0 %", "70.0-90.0 %"),
        ("undefined", ""),
        ("75.0 %", "60.0-85.0 %"),
        ("undefined", ""),
        ("10.0 %", "1.2-31.7 %"),
        ("0.0 %", "1.2-31.7 %"),
    ]
    assert len(row.figures) == len(table.headings)


def test_each_value_of_a_column_has_a_row():
    by = {"left_out": {"one": KIND, "two": KIND}, "plane": {"axial": KIND}}
    table = describe_series({"series": {**KIND, "by": by}}, OF_FOLDS)
    assert [row.name for row in table.rows] == [
        "all", "left out: one", "left out: two", "plane: axial"
    ]  # fmt: skip


@pytest.mark.parametrize(("fitted", "is_said"), [(30, False), (18, True)])
def test_series_that_no_fitted_rule_answered_for_are_counted(fitted, is_said):
    said = describe_series({"series": {**KIND, "fitted": fitted, "by": {}}}, OF_FOLDS).fitted
    assert ("Not so for 12 of 30 answers" in said) == is_said
    assert ("promise nothing" in said) == is_said


def test_it_is_said_what_a_rule_was_fitted_on():
    one, out, own = (
        describe_series({"series": {**KIND, "by": {}}}, words).fitted
        for words in (OF_FOLDS, OF_LEFT_OUT, OF_MODEL)
    )
    assert "none of its test part" in one
    assert "the models of other folds were trained on it" not in one
    assert "the models of other folds were trained on it" in out
    assert "fitted on these very series" in own


def test_where_no_rule_was_fitted_none_is_described():
    said = describe_series({"series": {**KIND, "fitted": 0, "by": {}}}, OF_MODEL).fitted
    assert "these very series" not in said
    assert "too few series of a class, all 30 are judged by the threshold" in said
