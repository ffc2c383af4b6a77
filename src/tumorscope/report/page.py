"""A page that needs no other file: rendered from a template, its images inside."""

import base64
from collections.abc import Mapping
from pathlib import Path, PurePath

import jinja2

from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.settings import flatten_settings
from tumorscope.report.wording import count_noun, hide_folders, shorten_path

Rows = list[tuple[str, str]]


def render_page(template: str, **content: object) -> str:
    """Render a template of this package as HTML; whatever the content holds is escaped.

    Parameters
    ----------
    template
        The name of the file.
    content
        What the template asks for, besides ``research_use_only``; a name it asks for in vain is
        an error.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("tumorscope.report", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count_noun=count_noun, hide_folders=hide_folders, shorten_path=shorten_path
    )
    return environment.get_template(template).render(research_use_only=RESEARCH_USE_ONLY, **content)


def embed_image(path: Path) -> str | None:
    """Turn a PNG file into a data URI; None if there is no such file."""
    if not path.is_file():
        return None
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode('ascii')}"


def list_origin(environment: Mapping[str, object]) -> dict[str, str]:
    """Say when a run was started, with which data and version, as far as it is known."""
    arguments = environment.get("arguments")
    data = arguments.get("data") if isinstance(arguments, Mapping) else None
    sources = data if isinstance(data, list) else [data or ""]
    started = str(environment.get("started") or "")
    return {
        # The last part of each path only: the page gets shared.
        "Dataset": " + ".join(PurePath(str(source)).name for source in sources),
        "Started": started.replace("T", " ").replace("+00:00", " UTC"),
        "Tumorscope": str(environment.get("tumorscope") or ""),
    }


def list_sections(recipe: Mapping[str, object]) -> list[tuple[str, Rows]]:
    """Split a recipe into its sections; settings outside of any section come first."""
    plain = {name: value for name, value in recipe.items() if not isinstance(value, dict)}
    sections = [("general", flatten_settings(plain))] if plain else []
    return sections + [
        (name, flatten_settings(section))
        for name, section in recipe.items()
        if isinstance(section, dict)
    ]
