"""Measure what the guard of a model lets through, and what it keeps out.

    tumorscope train DATA ... --set data.validation_fraction=0.2 --out RUN
    python -m benchmarks.robustness.guard RUN [RUN ...] [--write docs/guard.md]

The slices are those of the validation part of each run, which neither the network nor the guard
has learned from, nor copies of them: as they are, and turned or mirrored. The phantoms are new
to both. `nobrain.py` makes the images that are no brain MRI slices; how the guard works was chosen
on its development half, what counts is the final half.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy.results import replace_part
from benchmarks.robustness.nobrain import DEVELOPMENT, FINAL, IN_A_SKULL, make_non_brains
from tumorscope.artifact.reader import find_artifact, read_artifact
from tumorscope.artifact.spec import OPENVINO_FILE
from tumorscope.dataset.splits import VALIDATION
from tumorscope.inference.engine import Engine
from tumorscope.inference.guard import UNLIKE, Guard
from tumorscope.phantoms import draw_phantom
from tumorscope.preprocessing import prepare_slice
from tumorscope.scans.images import read_slice

PHANTOMS, PHANTOM_SEED, BATCH_SIZE = 400, 5, 16

Pixels = NDArray[np.uint8]


class Model(NamedTuple):
    """A run: its preparation, its graph and its guard."""

    run: Path

    def assess(self, images: Iterable[Pixels]) -> list[str | None]:
        """Say of each image why it cannot be assessed, or None."""
        folder = find_artifact(self.run)
        settings = read_artifact(folder).preprocessing
        engine, guard = Engine(folder / OPENVINO_FILE), Guard.load(folder)
        reasons: list[str | None] = []
        stream = iter(images)
        while batch := list(islice(stream, BATCH_SIZE)):
            prepared = np.stack([prepare_slice(image, settings)[0] for image in batch])
            reasons += guard.assess(batch, engine.infer(prepared).features)
        return reasons


def measure_slices(models: list[Model]) -> str:
    """Measure how many held-out slices and phantoms are accepted, as a Markdown table."""
    parts: list[pd.DataFrame] = []
    phantoms: list[str | None] = []
    for model in models:
        manifest = pd.read_csv(model.run / "manifest.csv")
        held_out = manifest[manifest["split"] == VALIDATION]
        paths = held_out["path"].tolist()
        parts.append(
            held_out.assign(
                model=str(model.run),
                upright=model.assess(read_slice(Path(path)) for path in paths),
                turned=model.assess(turn(read_slice(Path(path)), path) for path in paths),
            )
        )
        phantoms += model.assess(draw_phantoms())
    slices = pd.concat(parts)
    weight = 1 / slices.groupby(["model", "group"])["path"].transform("size")
    rows = ["| brain MRI slices | images | accepted | each group counting once |"]
    rows.append("| --- | ---: | ---: | ---: |")
    for name, column in {"held out": "upright", "held out, turned": "turned"}.items():
        accepted = slices[column].isna()
        per_group = np.average(accepted, weights=weight)
        rows.append(f"| {name} | {len(slices)} | {accepted.mean():.1%} | {per_group:.1%} |")
        for path, reason in slices.loc[~accepted, ["path", column]].itertuples(index=False):
            print(f"refused, {name}: {path}: {reason}", file=sys.stderr)
    share = np.mean([reason is None for reason in phantoms])
    rows.append(f"| phantoms | {len(phantoms)} | {share:.1%} | {share:.1%} |")
    return "\n".join(rows)


def turn(image: Pixels, path: str) -> Pixels:
    """Turn a slice by a right angle and mirror half of them, by the bytes of the name."""
    number = sum(path.encode())
    turned = np.rot90(image, 1 + number % 3)
    return np.ascontiguousarray(turned[:, ::-1] if number % 2 else turned)


def draw_phantoms() -> Iterator[Pixels]:
    """Draw phantoms, every other one with a lesion."""
    for index in range(PHANTOMS):
        gray = draw_phantom(PHANTOM_SEED, index, has_tumor=index % 2 == 0).image_hw
        yield np.repeat(gray[..., np.newaxis], 3, axis=-1)


def measure_non_brains(models: list[Model]) -> str:
    """Measure how many of the other images are refused, by kind, as a Markdown table."""
    parts = []
    for half in (DEVELOPMENT, FINAL):
        images = list(make_non_brains(half))
        kinds = [image.kind for image in images]
        for model in models:
            reasons = pd.Series(model.assess(image.pixels for image in images), dtype=object)
            parts.append(pd.DataFrame({"half": half, "kind": kinds, "reason": reasons}))
    table = pd.concat(parts)
    table["refused"] = table["reason"].notna()
    table["by pixels"] = table["refused"] & (table["reason"] != UNLIKE)
    rows = [
        "| other images | development | refused | final | refused | by pixels |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    sums = [("all but the drawn skulls", table[table["kind"] != IN_A_SKULL]), ("all", table)]
    for kind, images in [*table.groupby("kind", sort=False), *sums]:
        cells = []
        for half in (DEVELOPMENT, FINAL):
            part = images[images["half"] == half]
            share = f"{part['refused'].mean():.1%}" if len(part) else "-"
            cells += [f"{len(part) // len(models)}", share]
        pixels = images.loc[images["half"] == FINAL, "by pixels"].mean()
        rows.append(f"| {kind} | {' | '.join(cells)} | {pixels:.1%} |")
    return "\n".join(rows)


def measure_cost(model: Model) -> str:
    """Measure what the guard costs per slice, in batches."""
    guard = Guard.load(find_artifact(model.run))
    images = list(islice(draw_phantoms(), BATCH_SIZE))
    features = np.zeros((BATCH_SIZE, len(guard.subspace.mean)), np.float32)
    seconds = []
    for _ in range(50):
        started = time.perf_counter()
        guard.assess(images, features)
        seconds.append((time.perf_counter() - started) / BATCH_SIZE)
    return f"The guard takes {1e3 * float(np.median(seconds)):.2f} ms per slice."


def main() -> None:
    """Measure, print, and write the tables into a document if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--write", type=Path, help="a document with marks for the table")
    arguments = parser.parse_args()
    models = [Model(run) for run in arguments.runs]
    texts = (measure_slices(models), measure_non_brains(models), measure_cost(models[0]))
    text = "\n\n".join(texts)
    print(text)
    if arguments.write:
        replace_part(arguments.write, "table", text)


if __name__ == "__main__":
    main()
