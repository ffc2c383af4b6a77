"""What training costs, in time and memory: the notebook's own way against our trainer.

    python -m benchmarks.speed.train                                   # 253 slices, 40 epochs each
    python -m benchmarks.speed.train --slices 1000 3000 --epochs-share 0.1

Three variants learn the same training slices and are measured on the same validation slices:

- the notebook's way: Keras' ImageDataGenerator feeds Model.fit, as the well-known notebook does;
  but in 0..255, as the network scales by itself and hardly learns when that is done twice
  (--letter does it twice);
- the recipe ``notebook``, mended alike, and the recipe ``default``, by our trainer, which also
  saves a checkpoint after every epoch; that counts.

Groups of copies stay on one side of the split; looking for them is part of no variant. Each runs
in a process of its own. Its clock starts with the process, so that imports and building count, and
stands still only while this benchmark measures: after every epoch, the accuracy at a threshold of
one half on all validation slices, prepared as the variant prepares them and not kept. A variant's
own validation counts. What measuring needs is part of the peak memory, alike for all.

Reads the public datasets from TUMORSCOPE_DATA (../shared/data). CPU seconds, unlike the others,
hardly depend on what else the machine does.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tumorscope.dataset.manifest import read_manifest, read_table, write_table
from tumorscope.dataset.splits import TRAIN, VALIDATION, assign_split
from tumorscope.recipe import load_recipe
from tumorscope.workflows.training_extra import import_training

if TYPE_CHECKING:
    import keras

SEED = 0
NOTEBOOK = "notebook's way"
RECIPES = {
    "`notebook`, mended": ("notebook", ["model.rescale_in_front=false"]),
    "`default`": ("default", []),
}
# How many slices are asked for: the folder they are from, and whether all of it is taken.
SUBSETS = {250: ("navoneel", True), 1000: ("br35h", False), 3000: ("br35h", True)}

Result = dict[str, Any]


class Watch:
    """Clock of a variant, and its model's accuracy after every epoch.

    Parameters
    ----------
    variant
        For the lines of progress.
    started
        When the process was started, s since 1970.
    """

    def __init__(self, variant: str, started: float) -> None:
        self.result: Result = {"epochs": []}
        self._variant = variant
        self._standing = started, 0.0  # wall clock and CPU time that do not count
        self._phase = -1

    def read(self) -> tuple[float, float]:
        """Give the seconds and the CPU seconds so far."""
        return time.time() - self._standing[0], time.process_time() - self._standing[1]

    def follow(
        self, model: "keras.Model", batches: Iterable[Any], labels: pd.Series
    ) -> "keras.callbacks.Callback":
        """Build the callback that measures a model on batches in the order of their labels."""
        import keras

        def begin_phase(_logs: object) -> None:
            self._phase += 1

        def begin_epoch(_epoch: int, _logs: object) -> None:
            self._begun, _ = self.read()

        def end_epoch(_epoch: int, _logs: object) -> None:
            seconds, cpu = self.read()
            answers = model.predict(batches, verbose=0)[:, 0] >= 0.5
            accuracy = float(np.mean(answers == (labels == 1)))
            self._standing = time.time() - seconds, time.process_time() - cpu
            epoch = {"phase": self._phase, "seconds": seconds, "cpu_seconds": cpu}
            self.result["epochs"].append(
                {**epoch, "lasted": seconds - self._begun, "accuracy": accuracy}
            )
            count = len(self.result["epochs"])
            line = f"{self._variant}: epoch {count}, {seconds:.0f} s, accuracy {accuracy:.3f}"
            print(line, file=sys.stderr, flush=True)

        return keras.callbacks.LambdaCallback(
            on_train_begin=begin_phase, on_epoch_begin=begin_epoch, on_epoch_end=end_epoch
        )


def train_as_notebook(arguments: argparse.Namespace, manifest: pd.DataFrame) -> Result:
    """Train as the notebook does, with Keras alone."""
    watch = Watch(NOTEBOOK, arguments.started)
    with import_training():
        import keras
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        from tumorscope.model.backbones import build_backbone
        from tumorscope.model.weights import load_weights

    watch.result["import_seconds"], _ = watch.read()
    keras.utils.set_random_seed(SEED)
    base = build_backbone(arguments.backbone, 224)
    load_weights(base, arguments.backbone, "imagenet")
    model = keras.Sequential(
        [
            base,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    watch.result["built_seconds"], _ = watch.read()
    rescale = 1 / 255 if arguments.letter else None
    plain = ImageDataGenerator(rescale=rescale)
    changing = ImageDataGenerator(
        rescale=rescale, rotation_range=15, zoom_range=0.1, horizontal_flip=True
    )
    flow = {"x_col": "path", "y_col": "label_name", "class_mode": "binary"}
    flow |= {"target_size": (224, 224), "batch_size": 32}
    train, validation = (manifest[manifest["split"] == part] for part in (TRAIN, VALIDATION))
    training_batches = changing.flow_from_dataframe(train, seed=SEED, **flow)
    validation_batches, measured = (
        plain.flow_from_dataframe(validation, shuffle=False, **flow) for _ in range(2)
    )
    callback = watch.follow(model, measured, validation["label"])
    for learning_rate in (1e-4, 1e-5):
        base.trainable = learning_rate == 1e-5
        for layer in base.layers[:-50]:
            layer.trainable = False
        model.compile(
            keras.optimizers.Adam(learning_rate), loss="binary_crossentropy", metrics=["accuracy"]
        )
        model.fit(
            training_batches,
            validation_data=validation_batches,
            epochs=_shorten(20, arguments.epochs_share),
            callbacks=[callback],
            verbose=0,
        )
    return _conclude(watch, [20, 20], len(train))


def train_recipe(arguments: argparse.Namespace, manifest: pd.DataFrame) -> Result:
    """Train a recipe with our trainer."""
    watch = Watch(arguments.variant, arguments.started)
    with import_training():
        from tumorscope.training.pipeline import build_validation_batches
        from tumorscope.training.store import SliceStore
        from tumorscope.training.trainer import prepare_classifier, train_classifier

    watch.result["import_seconds"], _ = watch.read()
    name, overrides = RECIPES[arguments.variant]
    overrides = [*overrides, f"model.backbone={arguments.backbone}", f"seed={SEED}"]
    settings = load_recipe(name, overrides).training
    planned = [settings.epochs, settings.fine_tune_epochs]
    epochs, fine_tune_epochs = (_shorten(count, arguments.epochs_share) for count in planned)
    overrides += [f"training.epochs={epochs}", f"training.fine_tune_epochs={fine_tune_epochs}"]
    recipe = load_recipe(name, overrides)
    run = arguments.work / f"run-{name}"
    model = prepare_classifier(recipe, manifest, run)
    watch.result["built_seconds"], _ = watch.read()
    train, validation = (manifest[manifest["split"] == part] for part in (TRAIN, VALIDATION))
    store = SliceStore(validation, recipe.preprocessing, cache_mb=0)
    measured = build_validation_batches(store, recipe.training.batch_size)
    callback = watch.follow(model, measured, validation["label"])
    train_classifier(model, recipe, manifest, run, lambda _done, _all: None, [callback])
    drawn = recipe.data.drawn_per_group
    visited = len(train if drawn is None else train.groupby("group").head(drawn))
    return _conclude(watch, planned, visited)


def _conclude(watch: Watch, planned: list[int], visited: int) -> Result:
    seconds, cpu = watch.read()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        **watch.result,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
        "planned_epochs": planned,
        "slices_per_epoch": visited,
    }


def _shorten(epochs: int, share: float) -> int:
    return min(epochs, max(1, round(epochs * share)))


def choose_slices(manifest: pd.DataFrame, count: int) -> pd.DataFrame:
    """Choose whole groups at random, `count` slices in all, the classes in their proportion."""
    groups = manifest.groupby("group").agg(label=("label", "max"), size=("path", "size"))
    chosen = []
    for _, of_label in groups.groupby("label"):
        room = round(count * of_label["size"].sum() / len(manifest))
        for group, size in of_label.sample(frac=1, random_state=SEED)["size"].items():
            if size <= room:
                chosen.append(group)
                room -= size
    return manifest[manifest["group"].isin(chosen)]


def compare_variants(count: int, data: Path) -> Result:
    """Divide the slices once and run every variant on them, one after the other."""
    folder, is_whole = SUBSETS[count]
    manifest, _ = read_manifest(data / folder)
    if not is_whole:
        manifest = choose_slices(manifest, count)
    settings = load_recipe("notebook", ["data.split=grouped"]).data
    manifest = assign_split(manifest, settings, SEED)
    results = {}
    with tempfile.TemporaryDirectory() as work:
        write_table(Path(work) / "manifest.csv", manifest)
        for variant in (NOTEBOOK, *RECIPES):
            hidden = ["--variant", variant, "--work", work, "--started", repr(time.time())]
            command = [sys.executable, "-m", __spec__.name, *sys.argv[1:], *hidden]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            results[variant] = json.loads((Path(work) / "result.json").read_text("utf-8"))
    parts = manifest["split"].value_counts().to_dict()
    groups = int(manifest["group"].nunique())
    return {"folder": folder, "parts": parts, "groups": groups, "variants": results}


def summarize(result: Result, goal: float) -> dict[str, float | None]:
    """Compute what is compared; `goal` is an accuracy to reach."""
    epochs = result["epochs"]
    full = result["seconds"]
    for phase, planned in enumerate(result["planned_epochs"]):
        lasted = [epoch["lasted"] for epoch in epochs if epoch["phase"] == phase]
        if lasted:  # the first epoch of a phase is slower than the others
            full += (planned - len(lasted)) * float(np.mean(lasted[1:] or lasted))
    reached = [epoch["seconds"] for epoch in epochs if epoch["accuracy"] >= goal]
    seen = result["slices_per_epoch"] * len(epochs)
    return {
        "s to the end": result["seconds"],
        "s, all epochs*": full,
        f"s to {goal:.3f}": reached[0] if reached else None,
        "slices/s": seen / sum(epoch["lasted"] for epoch in epochs),
        "CPU s": result["cpu_seconds"],
        "peak MiB": result["peak_mib"],
    }


def draw_table(comparison: Result, is_shortened: bool) -> str:
    """Write a comparison in Markdown."""
    variants, parts = comparison["variants"], comparison["parts"]
    goal = variants[NOTEBOOK]["epochs"][-1]["accuracy"]
    reference = summarize(variants[NOTEBOOK], goal)
    shown = [name for name in reference if is_shortened or name != "s, all epochs*"]
    given = ["variant", "slices", "epochs", "s, imports + building", "last accuracy"]
    lines = [
        f"\n{comparison['folder']}: {parts[TRAIN]} slices for training and {parts[VALIDATION]} "
        f"for validation, {comparison['groups']} groups\n",
        f"| {' | '.join([*given, *shown])} |",
        f"| --- |{' ---: |' * (len(given) + len(shown) - 1)}",
    ]
    for variant, result in variants.items():
        summary, imports = summarize(result, goal), result["import_seconds"]
        cells = [
            variant,
            str(result["slices_per_epoch"]),
            str(len(result["epochs"])),
            f"{imports:.1f} + {result['built_seconds'] - imports:.1f}",
            f"{result['epochs'][-1]['accuracy']:.3f}",
            *(_show(summary[name], reference[name]) for name in shown),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("\nslices: per epoch; in brackets: times the notebook's way")
    if is_shortened:
        lines.append("*extrapolated by s per epoch to all epochs of the recipe, without a stop")
    return "\n".join(lines)


def _show(value: float | None, reference: float) -> str:
    return "never" if value is None else f"{value:.0f} ({value / reference:.2f}x)"


def main() -> None:
    """Compare the variants; or, in a process of its own, run one."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slices", type=int, nargs="+", choices=SUBSETS, default=[250])
    parser.add_argument("--epochs-share", type=float, default=1.0, help="shorten every variant")
    parser.add_argument("--backbone", default="efficientnetlite0")
    parser.add_argument("--letter", action="store_true", help="the notebook's way rescales twice")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--variant", help=argparse.SUPPRESS)  # what a variant's process is told
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--started", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.variant:
        run = train_as_notebook if arguments.variant == NOTEBOOK else train_recipe
        result = run(arguments, read_table(arguments.work / "manifest.csv"))
        (arguments.work / "result.json").write_text(json.dumps(result), "utf-8")
        return
    data = Path(os.environ.get("TUMORSCOPE_DATA", Path(__file__).parents[2] / "../shared/data"))
    comparisons = []
    for count in arguments.slices:
        comparisons.append(compare_variants(count, data))
        print(draw_table(comparisons[-1], arguments.epochs_share < 1), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(comparisons, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
