"""Make the tables of docs/experiments.md: what was tried for the recipe `default`.

    python benchmarks/experiments.py [--only NAME ...] [--tables-only]

Every row is a cross-validation with EfficientNet-Lite0, written into ``results/experiments/``; an
interrupted call goes on where it was. The data is read from TUMORSCOPE_DATA (../shared/data).
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

import tumorscope
from tumorscope.atomic import write_text

RESULTS = Path("results/experiments")
DOCUMENT = Path("docs/experiments.md")
BACKBONE = "efficientnetlite0"
FIRST = "first"
FIGURES = ("accuracy", "auroc")


class Experiment(NamedTuple):
    """One change of the first candidate: what, and the settings that make it."""

    name: str
    change: str
    overrides: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its cross-validation is written."""
        return RESULTS / self.name

    def run(self, data: Path) -> None:
        """Cross-validate, or go on with it, unless it is done."""
        if not (self.folder / "metrics.json").exists():
            print(f"{self.folder} ...", flush=True)
            tumorscope.crossval(
                data / "navoneel",
                self.folder,
                backbone=BACKBONE,
                overrides=[*CANDIDATE, *self.overrides],
                jobs=2,
                resume=True,
            )


# What `default` was before the experiments decided; no row changes when `default` does.
CANDIDATE = (
    "name=candidate",
    "data.validation_fraction=0.1",
    "data.drawn_per_group=1",
    "preprocessing.side_px=224",
    "preprocessing.crop_to_head=true",
    "preprocessing.keep_aspect=false",
    "preprocessing.stretch_intensity=false",
    "augmentation.rotation_degrees=20",
    "augmentation.zoom=0.15",
    "augmentation.shift=0.06",
    "augmentation.horizontal_flip=true",
    "augmentation.vertical_flip=true",
    "augmentation.outside=black",
    "augmentation.brightness=0.1",
    "augmentation.contrast=0.2",
    "augmentation.gamma=0.3",
    "augmentation.noise=0",
    "augmentation.erasing=0",
    "model.hidden_units=256",
    "model.dropout=0.5",
    "training.epochs=2",
    "training.learning_rate=1e-3",
    "training.fine_tune_epochs=28",
    "training.fine_tune_learning_rate=3e-4",
    "training.unfrozen_layers=130",
    "training.learn_normalization=false",
    "training.schedule=cosine",
    "training.weight_decay=0.01",
    "training.label_smoothing=0.05",
    "training.batch_size=16",
    "training.keep=last",
    "training.cache_mb=600",
)

EXPERIMENTS = (
    Experiment(FIRST, "the first candidate"),
    Experiment("short", "14 epochs in place of 28", ("training.fine_tune_epochs=14",)),
    Experiment("freeze4", "all before the fourth stage frozen", ("training.unfrozen_layers=107",)),
    Experiment("rotation", "free rotation", ("augmentation.rotation_degrees=180",)),
    Experiment(
        "stretch", "gray levels stretched to percentiles", ("preprocessing.stretch_intensity=true",)
    ),
    Experiment("statistics", "batch normalization learns", ("training.learn_normalization=true",)),
    Experiment(
        "noise", "noise and erasing", ("augmentation.noise=0.05", "augmentation.erasing=0.3")
    ),
    Experiment("aspect", "padded to a square, not stretched", ("preprocessing.keep_aspect=true",)),
    Experiment("small", "192 px a side", ("preprocessing.side_px=192",)),
    Experiment(
        "levels",
        "gray levels left alone",
        ("augmentation.brightness=0", "augmentation.contrast=0", "augmentation.gamma=0"),
    ),
)


def draw_table() -> str:
    """Write the table in Markdown: figures, and paired differences to the first candidate."""
    lines = [
        "| change | accuracy | AUROC | accuracy, difference | AUROC, difference | s a fold |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    first = EXPERIMENTS[0].folder
    for experiment in EXPERIMENTS:
        path = experiment.folder / "metrics.json"
        if not path.exists():
            continue
        metrics = json.loads(path.read_text("utf-8"))["per_group"]
        cells = [f"{metrics[name]:.3f}" for name in FIGURES]
        cells += (
            ["", ""] if experiment.name == FIRST else list_differences(first, experiment.folder)
        )
        lines.append(
            f"| {experiment.change} | {' | '.join(cells)} | {time_fold(path.parent):.0f} |"
        )
    return "\n".join(lines)


def list_differences(first: Path, second: Path) -> list[str]:
    """Write the paired differences of each figure, counting each group once."""
    comparison: dict[str, Any] = dict(tumorscope.compare(first, second, second / "comparison"))
    cells = []
    for name in FIGURES:
        figure = comparison["per_group"]["differences"][name]
        low, high = figure["interval"]
        cells.append(f"{figure['difference']:+.3f} ({low:+.3f} to {high:+.3f})")
    return cells


def time_fold(cv: Path) -> float:
    """Give the mean seconds that the epochs of a fold took."""
    seconds = [pd.read_csv(path)["seconds"].sum() for path in cv.glob("folds/*/history.csv")]
    return sum(seconds) / len(seconds)


def main() -> None:
    """Run what is missing, then write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=[experiment.name for experiment in EXPERIMENTS]
    )
    parser.add_argument("--tables-only", action="store_true", help="train nothing")
    arguments = parser.parse_args()
    data = Path(os.environ.get("TUMORSCOPE_DATA", "../shared/data"))
    for experiment in EXPERIMENTS:
        if not arguments.tables_only and experiment.name in (arguments.only or [experiment.name]):
            experiment.run(data)
    text = DOCUMENT.read_text("utf-8")
    before, begin, rest = text.partition("<!-- table: begin -->")
    _, end, after = rest.partition("<!-- table: end -->")
    write_text(DOCUMENT, f"{before}{begin}\n\n{draw_table()}\n\n{end}{after}")


if __name__ == "__main__":
    main()
