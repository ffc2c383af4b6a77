import pytest

from tumorscope.report.crossval.series_rows import describe_series

SHARE = {"groups": 20, "share": 0.1, "interval": [0.012, 0.317]}
KIND = {
    "count": 30,
    "groups": 20,
    "tumor": 18,
    "no_tumor": 12,
    "answers": 30,
    "assessable": 28,
    "fitted": 30,
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
    assert describe_series({}) is None


def test_a_row_has_a_figure_with_its_interval_below_each_heading():
    table = describe_series({"series": {**KIND, "by": {}}})
    (row,) = table.rows
    assert (row.name, row.counted) == (
        "all", "18 with, 12 without a tumor, of 20 patients or groups"
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
    table = describe_series({"series": {**KIND, "by": by}})
    assert [row.name for row in table.rows] == [
        "all", "left out: one", "left out: two", "plane: axial"
    ]  # fmt: skip


@pytest.mark.parametrize(("fitted", "is_said"), [(30, False), (18, True)])
def test_series_that_no_fitted_rule_answered_for_are_counted(fitted, is_said):
    said = describe_series({"series": {**KIND, "fitted": fitted, "by": {}}}).fitted
    assert ("Not so for 12 of 30 answers" in said) == is_said
    assert ("promise nothing" in said) == is_said
