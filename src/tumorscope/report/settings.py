"""Nested settings as rows of a table."""

from collections.abc import Mapping

from tumorscope.report.wording import hide_folder


def flatten_settings(settings: object, prefix: str = "") -> list[tuple[str, str]]:
    """List nested settings as dotted names with their values as text; of full paths the end only.

    Parameters
    ----------
    settings
        Mappings and lists of plain values, as YAML or JSON holds them.
    prefix
        What the names start with.

    Examples
    --------
    >>> flatten_settings({"head": {"units": 256, "dropout": None}, "sides": [1, 2]})
    [('head.units', '256'), ('head.dropout', 'none'), ('sides', '1, 2')]
    """
    if isinstance(settings, Mapping):
        children = [(str(name), value) for name, value in settings.items()]
    elif isinstance(settings, list) and any(isinstance(item, Mapping | list) for item in settings):
        children = [(str(index), value) for index, value in enumerate(settings)]
    else:
        return [(prefix, _format_value(settings))]
    return [
        row
        for name, value in children
        for row in flatten_settings(value, f"{prefix}.{name}" if prefix else name)
    ]


def _format_value(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_format_value(item) for item in value) or "none"
    return hide_folder(str(value))
