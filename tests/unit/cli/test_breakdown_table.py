import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from tumorscope.cli.breakdown_table import print_breakdown
from tumorscope.workflows.measuring.nuisances import measure_nuisances
from tumorscope.workflows.measuring.series_metrics import measure_series


@pytest.fixture
def answers():
    """Of forty series or slices, half with a tumor; all called rightly, but for the first."""
    count = np.arange(40)
    called = np.where(count % 2, "tumor", "no tumor")
    called[0] = "tumor"
    return pd.DataFrame(
        {
            "series": count.astype(str), "group": count, "label": count % 2,
            "probability": 0.2 + 0.6 * (count % 2), "predicted_class": called, "verdict": called,
            "fitted": True, "assessed": 9, "of": 10,
            "plane": np.where(count < 20, "axial", "[red]"),
            "lesion_share": np.where(count % 2, 0.02, 0.0),
        }
    )  # fmt: skip


def show(figures):
    page = io.StringIO()
    print_breakdown(Console(file=page, width=160, color_system=None), figures)
    return page.getvalue()


def find_row(text, *parts):
    return next(line for line in text.splitlines() if all(part in line for part in parts))


def test_without_series_and_anything_known_nothing_is_printed():
    assert show({}) == ""


def test_series_have_their_counts_and_figures(answers):
    text = show({"series": measure_series(answers)})
    row = find_row(text, " all ")
    assert "20, 20" in row
    assert "360 of 400" in row
    assert "1.000" in row  # of the AUROC and the sensitivity
    assert "0.950" in row  # of the specificity
    assert "plane axial" in text
    assert "plane [red]" in text
    assert "promise nothing" not in text


def test_answers_without_a_rule_for_series_are_counted(answers):
    text = show({"series": measure_series(answers.assign(fitted=answers.index < 10))})
    assert "30 of 40 answers by the threshold" in text


def test_values_have_their_right_verdicts(answers):
    text = show({"nuisances": measure_nuisances(answers)})
    assert "[red]" in find_row(text, "plane (guess 0.500)")
    row = find_row(text, "axial")
    assert "1.000" in row
    assert "0.900" in row  # one of the ten without a tumor is wrong
    row = find_row(text, "1 to 3 %")
    assert "lesion share" in row
    assert row.rstrip(" │").endswith("-")  # it has no slice without a tumor
