"""What an artifact says about series, fitted on those that its slices' decision is fitted on."""

import pandas as pd

from tumorscope.artifact.spec import ArtifactSpec, ConformalSpec, SeriesSpec
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.recipe import DecisionSettings
from tumorscope.workflows.measuring.series import fit_rule, tabulate_series, take_assessable


def let_vote(answers: pd.DataFrame, spec: ArtifactSpec) -> pd.DataFrame:
    """Let the slices of each series vote, calibrated; of several repeats, in each of them."""
    calibrated = apply_temperature(answers["raw_probability"].to_numpy(), spec.temperature)
    keys = [name for name in ("repeat", "series") if name in answers]
    return tabulate_series(answers.assign(probability=calibrated), keys or ["series"])


def fit_series_spec(votes: pd.DataFrame, settings: DecisionSettings) -> SeriesSpec | None:
    """Fit what turns votes into probabilities and verdicts; None where there are too few."""
    rule = fit_rule(votes, settings)
    if rule is None:
        return None
    counts = count_series(votes)
    return SeriesSpec(
        slope=rule.slope,
        intercept=rule.intercept,
        operating_points={point.name: point.threshold for point in rule.operating_points},
        conformal=ConformalSpec(error=settings.conformal_error, **rule.limits._asdict()),
        no_tumor=counts["no_tumor"],
        tumor=counts["tumor"],
    )


def count_series(votes: pd.DataFrame) -> dict[str, int]:
    """Count the series of each class that a rule can be fitted on, each of them once."""
    usable = take_assessable(votes)
    once = usable.drop_duplicates("series")
    return {
        "tumor": int((once["label"] == 1).sum()),
        "no_tumor": int((once["label"] == 0).sum()),
    }
