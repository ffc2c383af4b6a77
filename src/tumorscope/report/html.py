"""The report of a run: one page that needs no other file."""

import base64
from pathlib import Path, PurePath

import jinja2
import pandas as pd

from tumorscope.atomic import write_text
from tumorscope.evaluation.mistakes import rank_mistakes
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.data_summary import summarize_data
from tumorscope.report.limits import LIMITS
from tumorscope.report.metric_rows import describe_counts, describe_headline, describe_metrics
from tumorscope.report.run_folder import RunFolder, read_run
from tumorscope.report.settings import flatten_settings
from tumorscope.report.training_summary import summarize_training
from tumorscope.report.wording import count_noun, shorten_path

_IMAGES = {
    "history": "evaluation/history.png",
    "confusion_matrix": "evaluation/confusion_matrix.png",
    "roc": "evaluation/roc.png",
    "precision_recall": "evaluation/precision_recall.png",
    "mistakes": "evaluation/mistakes.png",
    "heatmaps": "explanations/contact_sheet.png",
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
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tumorscope.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(count_noun=count_noun, shorten_path=shorten_path)
    rejected = _list_rows(run.rejected)
    return environment.get_template("report.html.j2").render(
        research_use_only=RESEARCH_USE_ONLY,
        name=run.path.resolve().name,
        facts=_list_facts(run),
        images={name: _embed_image(run.path / path) for name, path in _IMAGES.items()},
        metrics=run.metrics,
        headline=describe_headline(run.metrics) if run.metrics else [],
        counts=_join_counts(run),
        metric_rows=describe_metrics(run.metrics) if run.metrics else [],
        limits=LIMITS,
        data=None if run.manifest is None else summarize_data(run.manifest, len(rejected)),
        rejected=rejected[:_LISTED_REJECTIONS],
        training=None if run.history is None else summarize_training(run.history),
        mistakes=_list_mistakes(run),
        recipe=_list_sections(run.recipe),
        environment=flatten_settings(run.environment) if run.environment else [],
        artifact=flatten_settings(run.artifact) if run.artifact else [],
    )


def _list_facts(run: RunFolder) -> list[tuple[str, str]]:
    """Say what the run is about, as far as its files tell."""
    environment = run.environment or {}
    # An unfinished run has no model yet; its recipe says what it was going to be.
    model = run.artifact or run.recipe.get("model") or {}
    arguments = environment.get("arguments") or {}
    facts = {
        # The last part of its path only: the page gets shared.
        "Dataset": PurePath(str(arguments.get("data") or "")).name,
        "Recipe": run.recipe.get("name"),
        "Backbone": model.get("backbone"),
        "Weights": model.get("weights"),
        "Seed": run.recipe.get("seed"),
        "Started": str(environment.get("started") or "")
        .replace("T", " ")
        .replace("+00:00", " UTC"),
        "Tumorscope": environment.get("tumorscope"),
    }
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _list_sections(recipe: dict[str, object]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Split a recipe into its sections; settings outside of any section come first."""
    plain = {name: value for name, value in recipe.items() if not isinstance(value, dict)}
    sections = [("general", flatten_settings(plain))] if plain else []
    return sections + [
        (name, flatten_settings(section))
        for name, section in recipe.items()
        if isinstance(section, dict)
    ]


def _join_counts(run: RunFolder) -> str:
    rows = describe_counts(run.metrics) if run.metrics else []
    return ", ".join(f"{row.value} {row.name.lower()}" for row in rows)


def _list_mistakes(run: RunFolder) -> list[dict[str, object]] | None:
    if run.predictions is None:
        return None
    return _list_rows(rank_mistakes(run.predictions, _LISTED_MISTAKES))


def _list_rows(table: pd.DataFrame | None) -> list[dict[str, object]]:
    if table is None:
        return []
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _embed_image(path: Path) -> str | None:
    """Turn a PNG file into a data URI; None if there is no such file."""
    if not path.is_file():
        return None
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"
