"""The report of a run: one page that needs no other file."""

from pathlib import Path

import pandas as pd

from tumorscope.atomic import write_text
from tumorscope.dataset.splits import OUT_OF_FOLD
from tumorscope.evaluation.measures.mistakes import rank_mistakes
from tumorscope.report.caveats import CAVEATS, OUT_OF_FOLD_CAVEATS, take_left_out
from tumorscope.report.figure_rows import (
    describe_conformal,
    describe_figures,
    describe_headline_figures,
)
from tumorscope.report.left_out_rows import describe_left_out
from tumorscope.report.localization.rows import describe_localization
from tumorscope.report.metric_rows import (
    describe_calibration,
    describe_copies,
    describe_counts,
    describe_delong,
    describe_guard,
    describe_measurement,
    describe_operating_points,
    describe_too_few,
)
from tumorscope.report.nuisance_rows import describe_near_guesses, describe_values
from tumorscope.report.page import embed_image, list_origin, list_sections, render_page
from tumorscope.report.run.data_summary import DataSummary, summarize_data
from tumorscope.report.run.folder import RunFolder, read_run
from tumorscope.report.run.training_summary import summarize_training
from tumorscope.report.series_rows import OF_MODEL, describe_series
from tumorscope.report.settings import flatten_settings
from tumorscope.report.wording import format_figure

_IMAGES = {
    "history": "evaluation/history.png",
    "confusion_matrix": "evaluation/confusion_matrix.png",
    "roc": "evaluation/roc.png",
    "precision_recall": "evaluation/precision_recall.png",
    "reliability": "evaluation/reliability.png",
    "mistakes": "evaluation/mistakes.png",
    "heatmaps": "explanations/contact_sheet.png",
    "localization_curves": "localization/curves.png",
    "localization_best": "localization/best.png",
    "localization_worst": "localization/worst.png",
}
_LISTED_MISTAKES = 20
_LISTED_REJECTIONS = 50


def write_report(run: Path) -> Path:
    """Write `report.html` into a run folder: one page, with its images inside.

    Parameters
    ----------
    run
        The folder a training wrote. What it lacks besides its recipe is left out of the page,
        with a sentence that names the command to make it.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        The folder is no run, or a file in it is damaged.
    """
    page = run / "report.html"
    write_text(page, _render(read_run(run)))
    return page


def _render(run: RunFolder) -> str:
    rejected = _list_rows(run.rejected)
    is_out_of_fold = run.metrics is not None and run.metrics["part"] == OUT_OF_FOLD
    data = None if run.manifest is None else summarize_data(run.manifest, len(rejected))
    return render_page(
        "run/report.html.j2",
        name=run.path.resolve().name,
        facts=_list_facts(run),
        images={name: embed_image(run.path / path) for name, path in _IMAGES.items()},
        **_describe_metrics(run, data),
        is_out_of_fold=is_out_of_fold,
        heatmap="Lesion maps"
        if (run.artifact or {}).get("heatmap") == "lesion map"
        else "Grad-CAM",
        keeps_best=run.recipe.get("training", {}).get("keep", "best") == "best",
        limits=take_left_out(OUT_OF_FOLD_CAVEATS if is_out_of_fold else CAVEATS, run.metrics or {}),
        data=data,
        rejected=rejected[:_LISTED_REJECTIONS],
        training=None if run.history is None else summarize_training(run.history),
        localization=run.localization and describe_localization(run.localization),
        mistakes=_list_mistakes(run),
        recipe=list_sections(run.recipe),
        environment=flatten_settings(run.environment) if run.environment else [],
        artifact=flatten_settings(run.artifact) if run.artifact else [],
    )


def _list_facts(run: RunFolder) -> list[tuple[str, str]]:
    """Say what the run is about, as far as its files tell."""
    origin = list_origin(run.environment or {})
    # An unfinished run has no model yet; its recipe says what it was going to be.
    model = run.artifact or run.recipe.get("model") or {}
    facts = {
        "Dataset": origin["Dataset"],
        "Recipe": run.recipe.get("name"),
        "Backbone": model.get("backbone"),
        "Weights": model.get("weights"),
        "Seed": run.recipe.get("seed"),
        "Started": origin["Started"],
        "Tumorscope": origin["Tumorscope"],
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _describe_metrics(run: RunFolder, data: DataSummary | None) -> dict[str, object]:
    metrics, decision = run.metrics, run.recipe["decision"]
    if metrics is None:
        nothing: dict[str, object] = {"metrics": None, "warning": None, "series": None}
        return {**nothing, "alarms": [], "counts": "", "values": []}
    return {
        "metrics": metrics,
        "measurement": describe_measurement(metrics),
        "left_out": describe_left_out(metrics),
        "alarms": metrics.get("alarms", []),  # an older version raised none
        "warning": describe_copies(
            metrics, names_patients=data is not None and data.names_patients
        ),
        "guard": describe_guard(metrics),
        "series": describe_series(metrics, OF_MODEL),
        "auroc": format_figure(metrics["auroc"]),
        "guess": describe_near_guesses(metrics),
        "values": describe_values(metrics),
        "headline": describe_headline_figures(metrics),
        "figures": [*describe_figures(metrics), *describe_delong(metrics)],
        "counts": describe_counts(metrics),
        "calibration": describe_calibration(metrics),
        "operating_points": describe_operating_points(metrics, decision),
        "conformal": describe_conformal(metrics),
        "conformal_error": decision["conformal_error"],
        "too_few": describe_too_few(metrics, decision["conformal_error"]),
    }


def _list_mistakes(run: RunFolder) -> list[dict[str, object]] | None:
    if run.predictions is None:
        return None
    answers = run.predictions
    if "repeat" in answers:
        answers = answers[answers["repeat"] == 0]
    return _list_rows(rank_mistakes(answers, _LISTED_MISTAKES))


def _list_rows(table: pd.DataFrame | None) -> list[dict[str, object]]:
    if table is None:
        return []
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
