"""Make the tables of docs/results.md on the recipe `default`: does it beat the notebook, and where.

    python -m benchmarks.accuracy.default [--tables-only]

Three cross-validations with EfficientNet-Lite0, each going on where it was stopped. The folds are
those of seed 3, on which nothing in it was chosen: `experiments.py` has those of seed 0, and
`outlines.py` those of seed 4. The data is read from TUMORSCOPE_DATA (../shared/data).
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import tumorscope
from benchmarks.accuracy.appearance import write_looks
from benchmarks.accuracy.results import (
    BACKBONE,
    DATA,
    DOCUMENT,
    FIGURES,
    HEADINGS,
    list_figures,
    replace_part,
    show,
)
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.summary import summarize_scores
from tumorscope.workflows.crossval.metrics import stack_repeats

SEED = "seed=3"
BOTH = Path("results/default/both")  # `make model` makes the same one
NOTEBOOK = Path("results/default/navoneel-notebook")
LOOKS = Path("results/default/looks")
LOOKS_FILE = Path("results/default/looks.csv")
DOUBTFUL = 0.7  # mean distance of the probability from the label
# Labelled "no", and plainly show a lesion or a cavity; we looked at them.
SHOW_A_LESION = [
    f"navoneel/no/N{name}" for name in ("1.JPG", "11.jpg", "16.jpg", "19.JPG", "22.JPG")
]


def run_all() -> None:
    """Cross-validate what is not there yet."""
    navoneel, both = DATA / "navoneel", [DATA / "navoneel", DATA / "br35h"]
    common: dict[str, Any] = {"backbone": BACKBONE, "jobs": 2, "resume": True}
    outlined = common | {"masks": DATA / "br35h" / "annotations.json"}
    tumorscope.crossval(both, BOTH, folds=5, repeats=2, overrides=[SEED], **outlined)
    folds = BOTH / "folds.csv"
    mended = [SEED, "model.rescale_in_front=false", "data.split=grouped"]
    tumorscope.crossval(
        navoneel, NOTEBOOK, "notebook", folds_file=folds, overrides=mended, **common
    )
    if not LOOKS_FILE.exists():
        write_looks(both, LOOKS_FILE)
    tumorscope.crossval(both, LOOKS, folds_file=LOOKS_FILE, overrides=[SEED], **outlined)


def draw_results() -> str:
    """Write the figures of every cross-validation in Markdown."""
    both, looks = (read_metrics(cv)["sources"] for cv in (BOTH, LOOKS))
    rows = {
        ("`notebook`, mended", "Navoneel", "Navoneel"): read_metrics(NOTEBOOK),
        ("`default`", "both", "Navoneel"): both["navoneel"],
        ("`default`", "both", "Br35H"): both["br35h"],
        ("`default`, a look left out", "both", "Navoneel"): looks["navoneel"],
        ("`default`, a look left out", "both", "Br35H"): looks["br35h"],
    }
    return draw_table(rows)


def draw_table(rows: Mapping[tuple[str, str, str], Mapping[str, Any]]) -> str:
    """Write figures in Markdown, each row named by recipe, training and test data."""
    lines = [
        f"| recipe | trained on | tested on | {HEADINGS} |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for names, metrics in rows.items():
        lines.append(f"| {' | '.join([*names, *list_figures(metrics)])} |")
    return "\n".join(lines)


def draw_differences(gain: str, first: Path, second: Path) -> str:
    """Write in Markdown what one cross-validation gains over another, slice by slice."""
    lines = [f"| {gain} | slices | groups |", "| --- | ---: | ---: |"]
    comparison = tumorscope.compare(first, second, second.parent / "comparison")
    for figure in FIGURES:
        cells = [
            show(unit[figure]["difference"], unit[figure]["interval"], "+.3f")
            for unit in (comparison["differences"], comparison["per_group"]["differences"])
        ]
        lines.append(f"| {figure} | {' | '.join(cells)} |")
    return "\n".join(lines)


def draw_doubts() -> str:
    """List in Markdown the pictures whose label the models contradict most, in every repeat."""
    answers = pd.read_csv(BOTH / "predictions.csv")
    answers["wrong"] = (answers["probability"] - answers["label"]).abs()
    pictures = answers.groupby("group").agg(
        name=("slice", "first"),
        label=("label_name", "first"),
        probability=("probability", "mean"),
        slices=("slice", "nunique"),
        wrong=("wrong", "mean"),
    )
    lines = ["| picture | slices | label | probability of a tumor |", "| --- | ---: | --- | ---: |"]
    doubtful = pictures[pictures["wrong"] > DOUBTFUL].sort_values("wrong", ascending=False)
    lines += [
        f"| `{row.name}` | {row.slices} | {row.label} | {row.probability:.2f} |"
        for row in doubtful.itertuples()
    ]
    return "\n".join(lines)


def draw_results_without_doubts() -> str:
    """Write the figures of `default` in Markdown without the pictures that show a lesion."""
    answers = pd.read_csv(BOTH / "predictions.csv")
    left_out = answers.loc[answers["slice"].isin(SHOW_A_LESION), "group"]
    rest = answers[~answers["group"].isin(left_out)]
    rows = {}
    for source, title in (("navoneel", "Navoneel"), ("br35h", "Br35H")):
        own = rest[rest["source"] == source]
        labels, groups = (stack_repeats(own, name)[0] for name in ("label", "group"))
        probabilities = stack_repeats(own, "probability")
        rows["`default`, without these five", "both", title] = summarize_scores(
            labels, probabilities, HALF, groups
        )
    return draw_table(rows)


def read_metrics(cv: Path) -> Mapping[str, Any]:
    """Read the figures of a cross-validation."""
    metrics: Mapping[str, Any] = json.loads((cv / "metrics.json").read_text("utf-8"))
    return metrics


def main() -> None:
    """Run what is missing, then write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables-only", action="store_true", help="train nothing")
    if not parser.parse_args().tables_only:
        run_all()
    gains = draw_differences("gain over the mended `notebook`", NOTEBOOK, BOTH)
    replace_part(DOCUMENT, "default", f"{draw_results()}\n\n{gains}")
    replace_part(DOCUMENT, "doubts", draw_doubts())
    replace_part(DOCUMENT, "without doubts", draw_results_without_doubts())


if __name__ == "__main__":
    main()
