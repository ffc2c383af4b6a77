"""The report of a cross-validation: one page that needs no other file."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tumorscope.atomic import write_text
from tumorscope.dataset.manifest import read_table
from tumorscope.report.caveats import CROSSVAL_CAVEATS, take_left_out
from tumorscope.report.crossval.rows import (
    describe_calibration,
    describe_copies,
    describe_folds,
    describe_operating_points,
    describe_sources,
)
from tumorscope.report.figure_rows import (
    describe_conformal,
    describe_figures,
    describe_headline_figures,
)
from tumorscope.report.left_out_rows import describe_left_out
from tumorscope.report.metric_rows import describe_guard
from tumorscope.report.nuisance_rows import describe_near_guesses, describe_values
from tumorscope.report.page import embed_image, list_origin, list_sections, render_page
from tumorscope.report.series_rows import OF_FOLDS, OF_LEFT_OUT, describe_series
from tumorscope.report.settings import flatten_settings
from tumorscope.report.wording import format_figure

_IMAGES = ("roc", "reliability", "mistakes")


def write_crossval_report(cv: Path) -> Path:
    """Write `report.html` into the folder of a cross-validation, with its images inside.

    Parameters
    ----------
    cv
        A finished cross-validation: with its metrics, tables and figures.

    Returns
    -------
    Path
        The page.
    """
    metrics = _read_json(cv / "metrics.json")
    environment = _read_json(cv / "environment.json")
    recipe = yaml.safe_load((cv / "recipe.yaml").read_text("utf-8"))
    manifest = read_table(cv / "manifest.csv")
    page = render_page(
        "crossval/crossval.html.j2",
        name=cv.resolve().name,
        facts=_list_facts(metrics, recipe, environment),
        metrics=metrics,
        alarms=metrics.get("alarms", []),  # an older version raised none
        warning=describe_copies(metrics),
        guard=describe_guard(metrics),
        left_out=describe_left_out(metrics),
        headline=describe_headline_figures(metrics),
        figures=describe_figures(metrics),
        series=describe_series(metrics, OF_LEFT_OUT if "left_out" in metrics else OF_FOLDS),
        sources=describe_sources(metrics),
        auroc=format_figure(metrics["auroc"]),
        guess=describe_near_guesses(metrics),
        values=describe_values(metrics),
        folds=describe_folds(metrics),
        operating_points=describe_operating_points(metrics),
        target=recipe["decision"]["target_sensitivity"],
        calibration=describe_calibration(metrics["calibration"]),
        conformal=describe_conformal(metrics),
        classes=_count_classes(manifest),
        rejected=len(read_table(cv / "rejected.csv")),
        limits=take_left_out(CROSSVAL_CAVEATS, metrics),
        images={name: embed_image(cv / "figures" / f"{name}.png") for name in _IMAGES},
        recipe=list_sections(recipe),
        environment=flatten_settings(environment),
    )
    write_text(cv / "report.html", page)
    return cv / "report.html"


def _list_facts(
    metrics: dict[str, Any], recipe: dict[str, Any], environment: dict[str, Any]
) -> list[tuple[str, str]]:
    repeats, folds = metrics["repeats"], len(metrics["folds"]) // metrics["repeats"]
    origin = list_origin(environment)
    column = environment["arguments"].get("leave_out")
    whole = f"each {column} left out once" if column else "whole groups"
    facts = {
        "Dataset": origin["Dataset"],
        "Recipe": metrics["recipe"],
        "Backbone": metrics["backbone"],
        "Folds": f"{folds} x {repeats}" if repeats > 1 else str(folds),
        # The folds may come from a file, whatever the recipe would do.
        "Divided": "copies in several folds" if metrics["copies"]["slices"] else whole,
        "Seed": str(recipe["seed"]),
        "Started": origin["Started"],
        "Tumorscope": origin["Tumorscope"],
    }
    return [(name, value) for name, value in facts.items() if value]


def _count_classes(manifest: pd.DataFrame) -> list[tuple[str, int, int]]:
    """Count slices and groups of each class, and of both."""
    parts = {
        "no tumor": manifest[manifest["label"] == 0],
        "tumor": manifest[manifest["label"] == 1],
        "all": manifest,
    }
    return [(name, len(part), int(part["group"].nunique())) for name, part in parts.items()]


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content
