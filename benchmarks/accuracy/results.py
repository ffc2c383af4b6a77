"""Make tables of docs/results.md: cross-validate the notebook on random and on grouped folds.

    python -m benchmarks.accuracy.results [--only navoneel] [--tables-only]

Reads the public datasets from TUMORSCOPE_DATA (../shared/data), writes one cross-validation per
row into ``results/`` and goes on where an earlier call was interrupted. On two cores a row takes
10 to 20 minutes.
"""

import argparse
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tumorscope
from tumorscope.atomic import write_text

DATA = Path(os.environ.get("TUMORSCOPE_DATA", "../shared/data"))
RESULTS = Path("results")
DOCUMENT = Path("docs/results.md")
BACKBONE = "efficientnetlite0"
MISSING = "not run"
FIGURES = ("accuracy", "auroc")
HEADINGS = "accuracy, slices | accuracy, groups | AUROC, slices | AUROC, groups"

RECIPES = {
    "`notebook` to the letter": ("notebook", []),
    "`notebook`, mended": ("notebook", ["model.rescale_in_front=false"]),
}


class Dataset(NamedTuple):
    """A folder of slices, and how long to train on it."""

    title: str
    folder: str
    folds: int
    overrides: list[str]
    training: str


DATASETS = (
    Dataset(
        "Navoneel",
        "navoneel",
        5,
        [],
        "5 folds, 20 epochs frozen and 20 fine-tuned, as the recipes say",
    ),
    Dataset(
        "Br35H",
        "br35h",
        3,
        [
            "training.epochs=1",
            "training.fine_tune_epochs=2",
            "training.learning_rate=1e-3",
            "training.fine_tune_learning_rate=1e-4",
        ],
        "3 folds, 1 epoch frozen and 2 fine-tuned at ten times the learning rates",
    ),
)


class Row(NamedTuple):
    """One cross-validation."""

    dataset: Dataset
    recipe: str
    split: str

    @property
    def folder(self) -> Path:
        """Where it is written."""
        words = re.sub(r"[^a-z]+", "-", f"{self.recipe} {self.split}".lower()).strip("-")
        return RESULTS / f"{self.dataset.folder}-{words}"

    def run(self) -> None:
        """Cross-validate, or go on with it, unless it is done."""
        if (self.folder / "metrics.json").exists():
            return
        name, overrides = RECIPES[self.recipe]
        print(f"{self.folder} ...", flush=True)
        tumorscope.crossval(
            DATA / self.dataset.folder,
            self.folder,
            name,
            self.dataset.folds,
            backbone=BACKBONE,
            overrides=[*overrides, *self.dataset.overrides, f"data.split={self.split}"],
            resume=True,
        )

    def read(self) -> dict[str, Any] | None:
        """Read the figures, if they are there."""
        path = self.folder / "metrics.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None


def list_rows() -> list[Row]:
    """List all cross-validations, what matters most first."""
    splits = ("grouped", "random")
    order = reversed(RECIPES)
    return [
        Row(dataset, recipe, split) for recipe in order for dataset in DATASETS for split in splits
    ]


def draw_table(dataset: Dataset) -> str:
    """Write the table of one dataset in Markdown."""
    lines = [
        f"| recipe | folds | copied | {HEADINGS} |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for recipe in RECIPES:
        for split in ("random", "grouped"):
            metrics = Row(dataset, recipe, split).read()
            if metrics is None:
                cells = [MISSING] * 5
            else:
                cells = [f"{metrics['copies']['share']:.0%}", *list_figures(metrics)]
            lines.append(f"| {recipe} | {split} | {' | '.join(cells)} |")
    return "\n".join(lines)


def list_figures(metrics: Mapping[str, Any]) -> list[str]:
    """Write the figures that stand below `HEADINGS`."""
    return [
        show(counted[name], counted["intervals"][name])
        for name in FIGURES
        for counted in (metrics, metrics["per_group"])
    ]


def show(value: float | None, interval: list[float] | None, spec: str = ".3f") -> str:
    """Write a figure with its interval."""
    if value is None:
        return "-"
    if interval is None:
        return format(value, spec)
    return f"{value:{spec}} ({interval[0]:{spec}} to {interval[1]:{spec}})"


def replace_part(document: Path, name: str, text: str) -> None:
    """Put a text into a document, between the marks of its name."""
    before, begin, rest = document.read_text("utf-8").partition(f"<!-- {name}: begin -->")
    _, end, after = rest.partition(f"<!-- {name}: end -->")
    write_text(document, f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main() -> None:
    """Run what is missing, then write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[dataset.folder for dataset in DATASETS])
    parser.add_argument("--tables-only", action="store_true", help="train nothing")
    arguments = parser.parse_args()
    for row in list_rows():
        if not arguments.tables_only and arguments.only in (None, row.dataset.folder):
            row.run()
    for dataset in DATASETS:
        text = f"{dataset.title}, {dataset.training}:\n\n{draw_table(dataset)}"
        replace_part(DOCUMENT, dataset.folder, text)


if __name__ == "__main__":
    main()
