"""Do the heatmaps find the lesions? Measured on outlined slices that no training saw.

    python -m benchmarks.explanation.localization [--plain] [--folds 0 1] [--set NAME=VALUE ...]

For each fold of Br35H's grouped 5-fold cross-validation (seed 1) it trains a model without that
fold and runs `tumorscope explain` on the fold's outlined slices; a cross-validation itself keeps no
models. The others' outlines are learned from, or, with ``--plain``, none. Each training and each
measurement is a process of its own, written into ``results/localization/``; an interrupted call
goes on where it was. On two busy cores a slice takes 10 to 15 s to measure, by all methods.

Half of the held-out groups choose the default map, the other half is what its figures are of.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.accuracy.results import DATA, replace_part
from tumorscope.dataset.folds import assign_folds
from tumorscope.dataset.manifest import read_manifest, write_table
from tumorscope.explanation.localization_summary import (
    MeanFigure,
    compare_methods,
    find_best,
    summarize_methods,
)
from tumorscope.workflows.explain.localize import FIGURES
from tumorscope.workflows.explain.methods import BASELINES, SHIPPED

RESULTS = Path("results/localization")
DOCUMENT = Path("docs/explanations.md")
BR35H = DATA.resolve() / "br35h"
OUTLINES = BR35H / "annotations.json"
FOLDS, SEED = 5, 1
# What the exported graph can give in one or two passes; the others are references.
CANDIDATES = (SHIPPED, f"{SHIPPED}, flips averaged", "Grad-CAM")
PLAIN = "Grad-CAM"
SHOWN = (
    *("pointing", "energy", "energy_ratio", "average_precision", "iou", "best_iou", "distance"),
    *("insertion", "deletion"),
)


def main() -> None:
    """Train and measure what is missing, then write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, nargs="+", default=[0, 1], choices=range(FOLDS))
    parser.add_argument("--plain", action="store_true", help="learn from no outlines")
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--backbone", default="efficientnetlite0")
    parser.add_argument("--set", dest="overrides", action="append", default=[])
    parser.add_argument("--count", help="measure no more slices of each fold than these")
    parser.add_argument("--tables-only", action="store_true", help="train and measure nothing")
    arguments = parser.parse_args()
    name = "plain" if arguments.plain else "outlined"
    folders = [RESULTS / name / f"fold-{fold}" for fold in arguments.folds]
    if not arguments.tables_only:
        for fold, folder in zip(arguments.folds, folders, strict=True):
            measure_fold(fold, folder, arguments)
    text = describe(read_tables(folders))
    print(text)
    replace_part(DOCUMENT, name, text)


def measure_fold(fold: int, folder: Path, arguments: argparse.Namespace) -> None:
    """Train without a fold and measure its outlined slices, as far as that is not done."""
    rest, held_out = folder / "rest.csv", folder / "held_out.csv"
    run, out = folder / "run", folder / "localization"
    if not rest.exists():
        write_parts(fold, rest, held_out)
    if not (run / "model" / "artifact.json").exists():
        call("train", rest, "--out", run, "--resume", "--recipe", arguments.recipe,
             "--backbone", arguments.backbone,
             *(f"--set={setting}" for setting in arguments.overrides),
             *(() if arguments.plain else ("--masks", OUTLINES)))  # fmt: skip
    if not (out / "localization.csv").exists():
        call("explain", run, held_out, "--masks", OUTLINES, "--out", out,
             *(("--count", arguments.count) if arguments.count else ()))  # fmt: skip


def call(*command: str | Path) -> None:
    """Run a command of Tumorscope in a process of its own."""
    print("tumorscope", *command, flush=True)
    subprocess.run([sys.executable, "-m", "tumorscope", *map(str, command)], check=True)


def write_parts(fold: int, rest: Path, held_out: Path) -> None:
    """Write a fold's slices as one table and all others as another; no group is in both."""
    manifest, _ = read_manifest(BR35H)
    folds = assign_folds(manifest, FOLDS, 1, SEED, grouped=True)
    is_held_out = (folds["fold"] == fold).reindex(manifest.index)
    shared = set(manifest.loc[is_held_out, "group"]) & set(manifest.loc[~is_held_out, "group"])
    assert not shared, f"groups on both sides: {shared}"
    table = manifest[["path"]].assign(label=manifest["label_name"])
    rest.parent.mkdir(parents=True, exist_ok=True)
    write_table(held_out, table[is_held_out])
    write_table(rest, table[~is_held_out])  # last: it says that both are there


def read_tables(folders: Sequence[Path]) -> pd.DataFrame:
    """Join what was measured on the folds; groups are numbered in each fold by itself."""
    tables = []
    for folder in folders:
        table = pd.read_csv(folder / "localization" / "localization.csv")
        tables.append(table.assign(group=folder.name + " " + table["group"].astype(str)))
    return pd.concat(tables, ignore_index=True)


def describe(table: pd.DataFrame) -> str:
    """Choose the default on one half of the groups; write its figures on the other."""
    choosing, confirming = divide(table)
    chosen = summarize_methods(choosing, FIGURES)
    candidates = [name for name in CANDIDATES if name in chosen]
    default = find_best(chosen, "pointing", candidates)
    best = find_best(chosen, "pointing", [name for name in chosen if name not in BASELINES])
    confirmed = summarize_methods(confirming, FIGURES)
    baseline = find_best(confirmed, "pointing", [name for name in BASELINES if name in confirmed])
    above = compare_methods(confirming, default, FIGURES)
    scores = ", ".join(f"{name} {chosen[name]['pointing']['mean']:.2f}" for name in candidates)
    lines = [
        f"Chosen on {count(choosing)} by the pointing game: *{default}* ({scores}). Of all methods "
        f"*{best}* is best there ({chosen[best]['pointing']['mean']:.2f}).",
        "",
        f"Confirmed on the other {count(confirming)}. *{default}* is above the best baseline "
        f"there, *{baseline}*, by {write(above[baseline]['pointing'])} in the pointing game.",
    ]
    if default != PLAIN and PLAIN in above:
        gaps = {name: write(above[PLAIN][name]) for name in ("pointing", "energy_ratio")}
        lines[-1] += (
            f" Plain Grad-CAM of the same networks, at 7 x 7, falls short of it by "
            f"{gaps['pointing']} in the pointing game and {gaps['energy_ratio']} in energy to area."
        )
    everything = summarize_methods(table, FIGURES)
    baseline = find_best(everything, "pointing", [name for name in BASELINES if name in everything])
    gain = compare_methods(table, default, FIGURES)[baseline]["pointing"]
    lines[-1] += (
        f" On both halves together, {count(table)}, it points into the lesion "
        f"{write(everything[default]['pointing'])} of the time, *{baseline}* "
        f"{write(everything[baseline]['pointing'])}: {write(gain)} less."
    )
    return "\n".join([*lines, "", *draw_table(confirming, confirmed)])


def divide(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the rows into two halves of the groups."""
    groups = np.array(sorted(table["group"].unique()))
    half = np.random.default_rng(SEED).permutation(groups)[: len(groups) // 2]
    is_first = table["group"].isin(half)
    return table[is_first], table[~is_first]


def count(table: pd.DataFrame) -> str:
    """Say how many slices and groups there are."""
    return f"{table['path'].nunique()} slices of {table['group'].nunique()} groups"


def draw_table(table: pd.DataFrame, summary: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Draw methods by figure in Markdown, with 95 % intervals and the time for a slice."""
    seconds = table.groupby("method")["seconds"].median()
    titles = [name.replace("_", " ").replace("energy ratio", "energy to area") for name in SHOWN]
    return [
        f"| method | {' | '.join(titles)} | seconds |",
        "| --- |" + " ---: |" * (len(SHOWN) + 1),
        *(
            f"| {method} | {' | '.join(write(figures[name]) for name in SHOWN)} | "
            f"{seconds[method]:.3f} |"
            for method, figures in summary.items()
        ),
    ]


def write(figure: MeanFigure) -> str:
    """Write a mean with its interval."""
    interval = figure["interval"]
    bounds = f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
    return f"{figure['mean']:.2f}{bounds}"


if __name__ == "__main__":
    main()
