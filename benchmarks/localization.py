"""Do the heatmaps find the lesions? Measured on outlined slices that no training saw.

Trains a model without the slices of one fold, as a cross-validation would, and runs
`tumorscope explain` on the outlined slices of that fold. Methods are chosen by what the first fold
says, and confirmed on the second.

    python benchmarks/localization.py --out localization --fold 0
    python benchmarks/localization.py --out localization --fold 1
"""

import argparse
import os
from pathlib import Path

import pandas as pd

import tumorscope
from tumorscope.data.folds import assign_folds
from tumorscope.data.manifest import read_manifest, write_table

FOLDS, SEED = 5, 1
FIGURES = ("pointing", "energy", "energy_ratio", "average_precision", "iou", "best_iou", "distance")


def main() -> None:
    """Train without a fold, measure its outlined slices, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--count", type=int, default=None, help="measure no more slices than these")
    arguments = parser.parse_args()
    data = Path(os.environ.get("TUMORSCOPE_DATA", "../shared/data")) / "br35h"
    folder = arguments.out / f"fold-{arguments.fold}"
    if not (folder / "run" / "model").exists():
        write_parts(data, folder, arguments.fold)
        tumorscope.train(
            folder / "rest.csv",
            folder / "run",
            arguments.recipe,
            overrides=arguments.overrides,
            resume=(folder / "run").exists(),
        )
    result = tumorscope.localize(
        folder / "run",
        folder / "held_out.csv",
        data / "annotations.json",
        folder / "localization",
        count=arguments.count,
    )
    print(f"fold {arguments.fold}: {result['slices']}, {result['groups']} groups")
    print(f"| method | {' | '.join(FIGURES)} | seconds |")
    print("| --- |" + " ---: |" * (len(FIGURES) + 1))
    for method, figures in result["methods"].items():
        means = " | ".join(f"{figures[name]['mean']:.2f}" for name in FIGURES)
        print(f"| {method} | {means} | {result['seconds'][method]:.3f} |")
    above = result["above"][result["best_baseline"]]["pointing"]
    print(f"pointing above {result['best_baseline']}: {above['mean']:.2f} {above['interval']}")


def write_parts(data: Path, folder: Path, fold: int) -> None:
    """Write the slices of a fold as one table and all others as another; no group is in both."""
    manifest, _ = read_manifest(data)
    folds = assign_folds(manifest, FOLDS, 1, SEED, grouped=True)
    is_test = (folds["fold"] == fold).to_numpy()
    table = manifest.assign(label=manifest["label_name"])[["path", "label"]]
    write_table(folder / "held_out.csv", pd.DataFrame(table[is_test]))
    write_table(folder / "rest.csv", pd.DataFrame(table[~is_test]))


if __name__ == "__main__":
    main()
