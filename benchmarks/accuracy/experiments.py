"""Make the tables of docs/experiments.md: what was tried for the recipe `default`.

    python -m benchmarks.accuracy.experiments [--only NAME ...] [--tables-only]

Every row is a cross-validation with EfficientNet-Lite0, written into ``results/experiments/``; an
interrupted call goes on where it was. The data is read from TUMORSCOPE_DATA (../shared/data).
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import tumorscope
from benchmarks.accuracy.results import BACKBONE, DATA, FIGURES, replace_part, show

RESULTS = Path("results/experiments")
DOCUMENT = Path("docs/experiments.md")
FIRST = "first"


class Experiment(NamedTuple):
    """One change of the first candidate: what, and the settings that make it."""

    name: str
    change: str
    overrides: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where its cross-validation is written."""
        return RESULTS / self.name

    def run(self) -> None:
        """Cross-validate, or go on with it, unless it is done."""
        if not (self.folder / "metrics.json").exists():
            print(f"{self.folder} ...", flush=True)
            tumorscope.crossval(
                DATA / "navoneel",
                self.folder,
                backbone=BACKBONE,
                overrides=[*CANDIDATE, *self.overrides],
                jobs=2,
                resume=True,
            )


# What the experiments started from: no row changes when `default` does.
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
    "augmentation.mixup=0",
    "augmentation.remap=0",
    "augmentation.inversion=0",
    "augmentation.bias_field=0",
    "augmentation.blur=0",
    "augmentation.low_resolution=0",
    "augmentation.stripping=0",
    "augmentation.field_of_view=0",
    "model.hidden_units=256",
    "model.dropout=0.5",
    "training.epochs=2",
    "training.learning_rate=1e-3",
    "training.cache_features=false",
    "training.fine_tune_epochs=14",
    "training.fine_tune_learning_rate=3e-4",
    "training.unfrozen_layers=107",
    "training.learn_normalization=false",
    "training.schedule=cosine",
    "training.weight_decay=0.01",
    "training.label_smoothing=0.05",
    "training.mask_weight=0",
    "training.batch_size=16",
    "training.keep=last",
    "training.cache_mb=600",
)

EXPERIMENTS = (
    Experiment(FIRST, "the first candidate"),
    Experiment(
        "default",
        "28 epochs and a little mixup, as in `default`",
        (
            "training.fine_tune_epochs=28",
            "training.unfrozen_layers=0.68",
            "augmentation.mixup=0.2",
        ),
    ),
    Experiment(
        "strong",
        "free rotation, noise, erasing",
        (
            "augmentation.rotation_degrees=180",
            "augmentation.noise=0.04",
            "augmentation.erasing=0.3",
        ),
    ),
    Experiment("large", "288 px a side", ("preprocessing.side_px=288",)),
    Experiment("small", "192 px a side", ("preprocessing.side_px=192",)),
    Experiment(
        "stretch", "gray levels stretched to percentiles", ("preprocessing.stretch_intensity=true",)
    ),
)


def draw_table() -> str:
    """Write the table in Markdown: figures, and paired differences to the first candidate."""
    lines = [
        "| change | accuracy | AUROC | accuracy, difference | AUROC, difference |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    first = EXPERIMENTS[0].folder
    for experiment in EXPERIMENTS:
        path = experiment.folder / "metrics.json"
        if not path.exists():
            continue
        metrics = json.loads(path.read_text("utf-8"))
        cells = [f"{metrics[name]:.3f}" for name in FIGURES]
        cells += (
            ["", ""] if experiment.name == FIRST else list_differences(first, experiment.folder)
        )
        lines.append(f"| {experiment.change} | {' | '.join(cells)} |")
    return "\n".join(lines)


def list_differences(first: Path, second: Path) -> list[str]:
    """Write the paired differences of each figure."""
    differences = tumorscope.compare(first, second, second / "comparison")["differences"]
    return [
        show(differences[name]["difference"], differences[name]["interval"], "+.3f")
        for name in FIGURES
    ]


def main() -> None:
    """Run what is missing, then write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=[experiment.name for experiment in EXPERIMENTS]
    )
    parser.add_argument("--tables-only", action="store_true", help="train nothing")
    arguments = parser.parse_args()
    for experiment in EXPERIMENTS:
        if not arguments.tables_only and experiment.name in (arguments.only or [experiment.name]):
            experiment.run()
    replace_part(DOCUMENT, "table", draw_table())


if __name__ == "__main__":
    main()
