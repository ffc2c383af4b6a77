"""Figures of whole series, and by what is known of slices, as tables on the terminal."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

_UNDEFINED = "-"
_FIGURES = ("auroc", "sensitivity", "specificity")
_SHARES = ("uncertain", "not_assessable")
_right = partial(Column, justify="right")


def print_breakdown(console: Console, figures: Mapping[str, Any]) -> None:
    """Print the figures of whole series and by what is known of slices, as far as there are any."""
    if "series" in figures:
        console.print(_tabulate_series(figures["series"]))
    if "nuisances" in figures:
        console.print(_tabulate_values(figures["nuisances"]))


def _tabulate_series(series: Mapping[str, Any]) -> Table:
    table = Table(
        "whole series",
        _right("with, without\na tumor"),
        _right("slices\nassessed"),
        *(_right(name.replace("_", " ")) for name in (*_FIGURES, *_SHARES)),
        title="Whole series, each figure with its 95 % interval by patients or groups",
        caption=_describe_rule(series),
    )
    for name, own in _list_kinds(series):
        slices = own["slices"]
        table.add_row(
            escape(name),
            f"{own['tumor']}, {own['no_tumor']}",
            f"{slices['assessed']} of {slices['of']}",
            *(_show(own[figure], own["intervals"][figure]) for figure in _FIGURES),
            *(_show(own[share]["share"], own[share]["interval"]) for share in _SHARES),
        )
    return table


def _list_kinds(series: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "all", series
    for column, values in series["by"].items():
        for value, own in values.items():
            yield f"{column.replace('_', ' ')} {value}", own


def _describe_rule(series: Mapping[str, Any]) -> str | None:
    if series["fitted"] == series["answers"]:
        return None
    return (
        f"{series['answers'] - series['fitted']} of {series['answers']} answers by the threshold "
        "and limits of single slices, as no rule was fitted on series: these promise nothing"
    )


def _tabulate_values(nuisances: Mapping[str, Any]) -> Table:
    table = Table(
        "by",
        "value",
        _right("slices"),
        _right("tumor: right verdict"),
        _right("no tumor: right verdict"),
        title="By what is known of slices, and the AUROC of a guess from it alone",
    )
    for column, values in nuisances["by"].items():
        guess = nuisances["guess"].get(column)
        name = column.replace("_", " ") + ("" if guess is None else f" (guess {guess:.3f})")
        for value, verdicts in values.items():
            counts = [own["count"] for own in verdicts.values() if own]
            right = (
                _show(own and own["right"], own and own["interval"])
                for own in (verdicts["tumor"], verdicts["no_tumor"])
            )
            table.add_row(name, escape(value), str(sum(counts)), *right)
            name = ""
    return table


def _show(value: float | None, interval: list[float] | None) -> str:
    if value is None:
        return _UNDEFINED
    return f"{value:.3f}" + (f"\n{interval[0]:.3f} - {interval[1]:.3f}" if interval else "")
