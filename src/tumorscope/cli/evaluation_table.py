"""The figures of an evaluation as tables on the terminal."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from tumorscope.cli.breakdown_table import print_breakdown

_FIGURES = (
    "accuracy", "sensitivity", "specificity", "precision", "f1", "auroc", "average_precision",
    "brier",
)  # fmt: skip
_ENDING = ("accuracy", "sensitivity", "specificity", "auroc")
_TITLES = {
    "validation": "Validation part",
    "out of fold": "Out of fold, by models that never saw the slice",
}
_UNDEFINED = "-"
_right = partial(Column, justify="right")


def print_evaluation(metrics: Mapping[str, Any]) -> None:
    """Print what `tumorscope.evaluate` measured, the clean figures first."""
    console = Console(emoji=False, highlight=False)
    for alarm in metrics.get("alarms", []):
        console.print(alarm, style="bold red", markup=False)
    if "clean" not in metrics:
        console.print(_tabulate(metrics, _TITLES[metrics["part"]]))
        copies = metrics["copies"]
        if copies["slices"]:
            console.print(
                f"{copies['slices']} of these {copies['of']} slices have a copy in training: "
                "the figures are flattered.",
                style="bold red",
            )
        _print_decisions(console, metrics)
        _print_guard(console, metrics)
        print_breakdown(console, metrics)
        return
    _print_external(console, metrics)


def print_ending(file: Path) -> None:
    """Print the figures with which a training or a cross-validation ends, as its file has them."""
    if not file.is_file():
        return
    metrics = json.loads(file.read_text("utf-8"))
    table = _tabulate(metrics, _TITLES.get(metrics.get("part"), _TITLES["out of fold"]), _ENDING)
    table.add_section()
    uncertain = metrics["verdicts"]["uncertain"]
    table.add_row(
        "uncertain", "", "", _show(uncertain["share"]), _show_interval(uncertain["interval"])
    )
    Console(emoji=False, highlight=False).print(table)


def _print_external(console: Console, metrics: Mapping[str, Any]) -> None:
    copies, clean = metrics["copies"], metrics["clean"]
    left = copies["of"] - copies["slices"]
    if copies["slices"]:
        console.print(
            f"{copies['slices']} of {copies['of']} slices are copies of slices that the model was "
            f"trained or validated on and were left out; {left} remain.",
            style="bold red",
        )
    if not metrics["is_enough"]:
        groups = clean["groups"] if clean else 0
        console.print(
            f"{left} slices of {groups} groups are too few to say anything about the model: no "
            "figure is shown. What was counted is in metrics.json."
        )
        if not copies["slices"]:  # the guard was fitted on what they are copies of
            _print_guard(console, metrics["with_copies"])
        return
    console.print(_tabulate(clean, "Slices that the model has never met"))
    if "calibration" in clean:
        _print_decisions(console, clean)
        _print_guard(console, clean)
    print_breakdown(console, clean)
    for column, subgroups in metrics["subgroups"].items():
        console.print(_tabulate_subgroups(column, subgroups))
    if copies["slices"]:
        console.print(_tabulate(metrics["with_copies"], "All slices, copies included: flattered"))


def _tabulate(figures: Mapping[str, Any], title: str, names: Sequence[str] = _FIGURES) -> Table:
    by_group = figures["per_group"]
    table = Table(
        "figure",
        _right(f"each of {figures['slices']}\nslices once"),
        _right("95 % interval"),
        _right(f"each of {figures['groups']}\ngroups once"),
        _right("95 % interval"),
        title=title,
    )
    for name in names:
        cells = (
            cell
            for counted in (figures, by_group)
            for cell in (_show(counted[name]), _show_interval(counted["intervals"].get(name)))
        )
        table.add_row(name.replace("_", " "), *cells)
    return table


def _print_decisions(console: Console, figures: Mapping[str, Any]) -> None:
    table = Table(
        "operating point", _right("threshold"), _right("sensitivity"), _right("specificity")
    )
    for name, point in figures["operating_points"].items():
        shares = (_show_share(point[share]) for share in ("sensitivity", "specificity"))
        table.add_row(name.replace("_", " "), _show(point["threshold"]), *shares)
    console.print(table)
    before, after = (figures["calibration"][when] for when in ("before", "after"))
    name = "expected_calibration_error"
    console.print(f"calibration error {_show(before[name])} raw, {_show(after[name])} calibrated")
    verdicts, coverage = figures["verdicts"], figures["coverage"]
    console.print(
        f"uncertain {_show_share(verdicts['uncertain'])}; wrong of the others "
        f"{_show_share(verdicts['wrong_of_certain'])}; coverage of tumor "
        f"{_show_share(coverage['tumor'])}, of no tumor {_show_share(coverage['no_tumor'])}"
    )


def _print_guard(console: Console, figures: Mapping[str, Any]) -> None:
    if "guard" not in figures:
        return
    guard = figures["guard"]
    console.print(
        f"not assessable: {guard['refused']} of {guard['slices']} slices, which all figures count; "
        f"accepted {_show_share(guard)}, each of {guard['per_group']['groups']} groups once "
        f"{_show_share(guard['per_group'])}"
    )


def _tabulate_subgroups(column: str, subgroups: Mapping[str, Any]) -> Table:
    table = Table(
        column,
        _right("slices"),
        _right("groups"),
        *(_right(name) for name in ("accuracy", "95 % interval", "auroc", "95 % interval")),
    )
    for value, figures in subgroups.items():
        table.add_row(
            value,
            str(figures["slices"]),
            str(figures["groups"]),
            _show(figures["accuracy"]),
            _show_interval(figures["intervals"]["accuracy"]),
            _show(figures["auroc"]),
            _show_interval(figures["intervals"]["auroc"]),
        )
    return table


def _show(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{value:.3f}"


def _show_interval(interval: list[float] | None) -> str:
    return _UNDEFINED if interval is None else f"{interval[0]:.3f} - {interval[1]:.3f}"


def _show_share(share: Mapping[str, Any]) -> str:
    return f"{_show(share['share'])} ({_show_interval(share['interval'])})"
