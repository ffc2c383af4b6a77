import numpy as np
import pandas as pd
import pytest

from tumorscope.artifact.spec import ArtifactSpec, ConformalSpec
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.series import fit_series_decision
from tumorscope.evaluation.decisions.vote import find_vote
from tumorscope.recipe import load_recipe
from tumorscope.workflows.train.series import count_series, fit_series_spec, let_vote

RECIPE = load_recipe("default", ["decision.conformal_error=0.2"])


@pytest.fixture
def spec():
    return ArtifactSpec(
        recipe="", backbone="", weights="", preprocessing=RECIPE.preprocessing, cam_scale=1,
        fingerprint="", temperature=2.0,
    )  # fmt: skip


@pytest.fixture
def answers():
    """The answers in two repeats for 20 heads of five slices, none of them refused."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        [(repeat, head, place) for repeat in (0, 1) for head in range(20) for place in range(5)],
        columns=["repeat", "group", "place"],
    )
    logits = 3 * (table["group"] % 2) + rng.normal(0, 1, len(table))
    return table.assign(
        path="a.png",
        label=table["group"] % 2,
        series="P" + table["group"].astype(str),
        raw_probability=1 / (1 + np.exp(-logits)),
        reason=None,
        little_brain=False,
    )


def test_rule_is_fitted_on_calibrated_votes_of_all_repeats(answers, spec):
    votes = let_vote(answers, spec)
    rule = fit_series_spec(votes, RECIPE.decision)
    rows = [
        (
            own["label"].max(),
            find_vote(apply_temperature(own["raw_probability"], 2.0).tolist(), range(5)),
            own["group"].iloc[0],
        )
        for _, own in answers.groupby(["repeat", "series"])
    ]
    expected = fit_series_decision(*zip(*rows, strict=True), 0.95, 0.2)
    assert rule.slope == pytest.approx(expected.slope)
    assert rule.intercept == pytest.approx(expected.intercept)
    points = {point.name: point.threshold for point in expected.operating_points}
    assert rule.operating_points == pytest.approx(points)
    limits = expected.limits._asdict()
    assert rule.conformal.model_dump() == pytest.approx({"error": 0.2, **limits})
    assert (rule.no_tumor, rule.tumor) == (10, 10)  # each once


def test_with_too_few_heads_there_is_none_but_they_are_counted(answers, spec):
    few = answers[answers["group"] < 7]
    votes = let_vote(few, spec)
    assert fit_series_spec(votes, RECIPE.decision) is None
    assert count_series(votes) == {"tumor": 3, "no_tumor": 4}


def test_without_series_there_is_none(answers, spec):
    votes = let_vote(answers.drop(columns=["series", "place", "little_brain"]), spec)
    assert fit_series_spec(votes, RECIPE.decision) is None
    assert count_series(votes) == {"tumor": 0, "no_tumor": 0}


def test_rule_goes_with_the_model_of_its_operating_point(answers, spec):
    rule = fit_series_spec(let_vote(answers, spec), RECIPE.decision)
    points = {"half": 0.5, "youden": 0.5, "target_sensitivity": 0.5}
    whole = spec.model_copy(
        update={"series": rule, "operating_points": points, "conformal": ConformalSpec()}
    )
    assert ArtifactSpec.model_validate_json(whole.model_dump_json()).series == rule
