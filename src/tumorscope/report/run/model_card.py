"""The model card: the Markdown page that travels with a model."""

import re
from collections.abc import Mapping
from typing import Any

import jinja2

from tumorscope.dataset.splits import OUT_OF_FOLD
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.caveats import CAVEATS, OUT_OF_FOLD_CAVEATS, take_left_out
from tumorscope.report.figure_rows import describe_conformal, describe_figures
from tumorscope.report.left_out_rows import describe_left_out
from tumorscope.report.metric_rows import (
    describe_copies,
    describe_counts,
    describe_delong,
    describe_guard,
    describe_measurement,
    describe_operating_points,
)
from tumorscope.report.run.data_summary import DataSummary
from tumorscope.report.settings import flatten_settings
from tumorscope.report.wording import count_noun, format_percent

_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>|&~$])")


def render_model_card(
    artifact: Mapping[str, Any],
    metrics: Mapping[str, Any],
    data: DataSummary,
    recipe: Mapping[str, Any],
    series: Mapping[str, int] | None = None,
) -> str:
    """Write the card of a model.

    Parameters
    ----------
    artifact
        As `artifact.json` holds it, before or after JSON.
    metrics
        As `evaluate` gives those of a run.
    data
        The data of the run.
    recipe
        The settings, nested as in `recipe.yaml`.
    series
        How many series with a ``tumor`` and with ``no_tumor`` there were to fit a rule on.

    Returns
    -------
    str
        Markdown. Names and settings are escaped, so that they cannot become markup.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tumorscope.report", "."),
        autoescape=False,  # noqa: S701 - Markdown, not HTML: every value goes through `finalize`
        finalize=_escape_markdown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["count_noun"] = count_noun
    environment.filters["percent"] = format_percent
    is_out_of_fold = metrics["part"] == OUT_OF_FOLD
    return environment.get_template("run/model_card.md.j2").render(
        research_use_only=RESEARCH_USE_ONLY,
        artifact=artifact,
        metrics=metrics,
        alarms=metrics.get("alarms", []),
        is_out_of_fold=is_out_of_fold,
        measurement=describe_measurement(metrics),
        left_out=describe_left_out(metrics),
        guard=describe_guard(metrics),
        keeps_best=recipe.get("training", {}).get("keep", "best") == "best",
        warning=describe_copies(metrics, data.names_patients),
        figures=[*describe_figures(metrics), *describe_delong(metrics)],
        counts=describe_counts(metrics),
        operating_points=describe_operating_points(metrics, recipe["decision"]),
        conformal=describe_conformal(metrics),
        series=describe_rule(artifact, series or {"tumor": 0, "no_tumor": 0}),
        data=data,
        recipe_name=recipe.get("name", ""),
        recipe_rows=flatten_settings(recipe),
        limits=take_left_out(OUT_OF_FOLD_CAVEATS if is_out_of_fold else CAVEATS, metrics),
    )


def describe_rule(artifact: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    """Say how a model answers for a whole series: by a rule that was fitted on series, or by none.

    Parameters
    ----------
    artifact
        As `artifact.json` holds it.
    counts
        How many series with a ``tumor`` and with ``no_tumor`` there were to fit a rule on.
    """
    rule = artifact.get("series")
    found = f"{count_noun(counts['tumor'], 'series', 'series')} with and {counts['no_tumor']:,}"
    if rule is None:
        return (
            f"not fitted: {found} without a tumor. The largest mean of three consecutive slices "
            "is judged by the threshold and limits of a single slice, which promises nothing: the "
            "largest of many means is large by itself"
        )
    threshold, limits = rule["operating_points"][artifact["operating_point"]], rule["conformal"]
    return (
        f"fitted on {found} without a tumor, each patient or group of copies counting once. From "
        "the logit of the largest mean of three consecutive slices, times "
        f"{rule['slope']:.3g} and {rule['intercept']:+.3g}, comes a probability; the series is "
        f'called a tumor from {threshold:.3g} on, can be "no tumor" up to '
        f'{limits["no_tumor"]:.3g} and "tumor" from {1 - limits["tumor"]:.3g} on. It is not '
        "assessable where fewer than half of its slices with brain are"
    )


def _escape_markdown(value: object) -> str:
    """Keep a value on one line and free of markup."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", " ".join(str(value).split()))
