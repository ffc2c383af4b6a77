import numpy as np
import pandas as pd
import pytest

from tumorscope.evaluation.decisions.conformal import ConformalLimits
from tumorscope.recipe import load_recipe
from tumorscope.workflows.measuring.series import (
    SeriesRule,
    fit_rule,
    judge_series,
    tabulate_series,
)

SETTINGS = load_recipe("default", ["decision.conformal_error=0.2"]).decision
COLUMNS = ["path", "label", "group", "probability", "reason", "series", "place", "little_brain"]


@pytest.fixture
def heads():
    """Two heads of three slices."""
    return pd.DataFrame(
        [(f"{head}{at}", 0, head, 0.5, None, f"1/{head}", at, False)
         for head in range(2) for at in range(3)],
        columns=COLUMNS,
    )  # fmt: skip


class TestVotes:
    def test_series_has_the_vote_of_its_assessable_slices(self):
        slices = pd.DataFrame(
            [
                ("a0", 0, 3, 0.9, None, "a", 0, True),  # air has no vote
                ("a1", 0, 3, 0.2, None, "a", 1, False),
                ("a2", 1, 3, 0.4, None, "a", 2, False),
                ("a3", 0, 3, 0.6, None, "a", 3, False),
                ("a4", 0, 3, 0.9, "unlike", "a", 4, False),
                ("x", 1, 4, 0.9, None, None, np.nan, False),  # a slice of no series
            ],
            columns=COLUMNS,
        )
        table = tabulate_series(slices.sample(frac=1, random_state=0))
        assert table.to_dict("records") == [
            {
                "series": "a", "path": "a0", "group": 3, "label": 1, "vote": pytest.approx(0.4),
                "assessed": 3, "of": 4,
            }
        ]  # fmt: skip

    def test_each_model_answers_for_itself(self, heads):
        slices = pd.concat([heads.assign(model=model) for model in (0, 1)])
        table = tabulate_series(slices, ["model", "series"])
        assert table[["model", "series"]].to_numpy().tolist() == [
            [0, "1/0"], [0, "1/1"], [1, "1/0"], [1, "1/1"]
        ]  # fmt: skip

    def test_slices_of_an_older_version_are_of_no_series(self, heads):
        assert tabulate_series(heads.drop(columns="little_brain")).empty
        assert fit_rule(tabulate_series(heads[:0]), SETTINGS) is None


class TestJudging:
    LIMITS = ConformalLimits(no_tumor=0.6, tumor=0.3)

    @pytest.fixture
    def series(self):
        """Votes of series with ten slices that show brain."""
        votes = [0.1, 0.5, 0.9, 0.9, np.nan]
        return pd.DataFrame({"vote": votes, "assessed": [10, 10, 10, 4, 0], "of": 10})

    def test_without_a_fitted_rule_votes_are_judged_as_slices_are(self, series):
        judged = judge_series(series, SeriesRule(0.5, self.LIMITS))
        np.testing.assert_array_equal(judged["probability"], series["vote"])
        assert judged["verdict"].tolist() == [
            "no tumor", "uncertain", "tumor", "tumor", "not assessable"
        ]  # fmt: skip
        assert judged["predicted_class"][:3].tolist() == ["no tumor", "tumor", "tumor"]
        assert not judged["fitted"].any()

    def test_a_fitted_rule_moves_votes_and_asks_for_half_of_the_slices(self, series):
        judged = judge_series(series, SeriesRule(0.5, self.LIMITS, (2.0, -3.0)))
        odds = np.array([0.1, 0.5, 0.9]) / (1 - np.array([0.1, 0.5, 0.9]))
        moved = odds**2 * np.exp(-3)
        np.testing.assert_allclose(judged["probability"][:3], moved / (1 + moved))
        assert judged["verdict"].tolist() == [
            "no tumor", "no tumor", "tumor", "not assessable", "not assessable"
        ]  # fmt: skip
        assert judged["reason"][3] == "only 4 of 10 slices are assessable"
        assert judged["predicted_class"][3:].isna().all()
        assert judged["fitted"].all()

    def test_no_series_have_no_answers(self):
        none = judge_series(tabulate_series(pd.DataFrame()), SeriesRule(0.5, self.LIMITS))
        assert len(none) == 0
        assert "verdict" in none
