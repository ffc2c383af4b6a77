"""What answering costs, in time and memory: files to results against the engine and Keras.

    python -m benchmarks.speed.predict DATA --model dist/model --run dist/run
    python -m benchmarks.speed.predict DATA --model dist/model --plot cost.png
    python -m benchmarks.speed.predict DATA --model dist/model --slices 100000

Every variant runs on the same files in a process of its own; variants in Keras and ONNX Runtime
need a run folder (`--run`), which holds those files of the model. Rates leave out what a process
needs before its first answer. The memory is the peak of the whole process; of a command, in a run
of its own, that of all its processes. Variants on ready tensors have the slices decoded and
prepared in memory.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.memory import list_family, read_proportional_set, watch_memory

BATCH = 4
KERAS_BATCH = 32
FEW = 200  # slow variants answer for so many
ROUNDS = 5
COUNTS = (1, 10, 100, 1_000, 10_000)

LIMIT = "engine, ready tensors"
BARE = "engine without heatmaps, ready tensors"
PREDICT = "tumorscope predict"
ONE_BY_ONE = "Keras, image by image"
BATCHES = "Keras, batches of 32"

Result = dict[str, Any]


def list_files(data: Path, count: int) -> list[Path]:
    """Spread `count` images evenly over those below a folder, or take them again and again."""
    files = sorted(data.rglob("*.jpg"))
    step = max(len(files) // count, 1)
    return list(islice(cycle(files[::step]), count))


def prepare(files: list[Path], model: Path) -> np.ndarray:
    """Decode and prepare slices as the model wants them."""
    from tumorscope.artifact.reader import find_artifact, read_artifact
    from tumorscope.preprocessing import prepare_slice
    from tumorscope.scans.images import read_slice

    settings = read_artifact(find_artifact(model)).preprocessing
    return np.stack([prepare_slice(read_slice(file), settings)[0] for file in files])


def time_batches(
    infer: Callable[[np.ndarray], object], slices: np.ndarray, size: int, threads: int = 1
) -> float:
    """Give the seconds for all slices, after warming up."""
    batches = [slices[at : at + size] for at in range(0, len(slices), size)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(infer, batches[: 2 * threads]))
        start = time.perf_counter()
        list(pool.map(infer, batches))
        return time.perf_counter() - start


def run_engine(files: list[Path], args: argparse.Namespace, precision: str | None = None) -> float:
    """Time the engine on ready tensors."""
    from tumorscope.artifact.reader import find_artifact
    from tumorscope.inference.engine import Engine, choose_precision, count_cores

    graph = find_artifact(args.model) / "model.xml"
    engine = Engine(graph, precision or choose_precision())
    return time_batches(engine.infer, prepare(files, args.model), BATCH, count_cores())


def run_engine_without_heatmaps(files: list[Path], args: argparse.Namespace) -> float:
    """Time the engine on the same graph without the heatmap."""
    import openvino

    from tumorscope.artifact.reader import find_artifact

    model = openvino.Core().read_model(find_artifact(args.model) / "model.xml")
    for result in list(model.get_results()):
        if "cam" in result.input_value(0).get_names():
            model.remove_result(result)
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "model.xml"
        openvino.save_model(model, graph)
        from tumorscope.inference import engine
        from tumorscope.inference.engine import Engine, choose_precision, count_cores

        fields = engine.EngineAnswers._fields
        engine.EngineAnswers = lambda *answers: answers  # type: ignore[misc,assignment]
        engine.EngineAnswers._fields = tuple(name for name in fields if name != "cam")
        bare = Engine(graph, choose_precision())
    return time_batches(bare.infer, prepare(files, args.model), BATCH, count_cores())


def run_onnx(files: list[Path], args: argparse.Namespace) -> float:
    """Time ONNX Runtime on ready tensors."""
    import onnxruntime

    session = onnxruntime.InferenceSession(args.run / "model" / "model.onnx")
    name = session.get_inputs()[0].name
    return time_batches(
        lambda batch: session.run(None, {name: batch.astype(np.float32)}),
        prepare(files, args.model),
        BATCH,
    )


def read_as_the_notebook(file: Path) -> np.ndarray:
    """Read an image as the notebook does."""
    import keras

    return keras.utils.img_to_array(keras.utils.load_img(file, target_size=(224, 224)))


def run_keras(files: list[Path], args: argparse.Namespace, size: int) -> float:
    """Time Keras from files, `size` images at a time."""
    import keras

    model = keras.models.load_model(args.run / "model" / "model.keras", compile=False)
    batches = [files[at : at + size] for at in range(0, len(files), size)]
    start = 0.0
    for number, batch in enumerate([batches[0], *batches]):
        if number == 1:
            start = time.perf_counter()
        model.predict(np.stack([read_as_the_notebook(file) for file in batch]), verbose=0)
    return time.perf_counter() - start


def run_command(
    files: list[Path],
    model: Path,
    overlays: bool = False,
    wait: Callable[[subprocess.Popen[bytes]], object] = subprocess.Popen.wait,
) -> float:
    """Give the seconds of a whole `tumorscope predict`."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tumorscope", "predict", "-q", "--model", str(model)]
        command += ["--out", f"{folder}/answers.csv"]
        command += ["--overlays", f"{folder}/overlays"] if overlays else []
        links = Path(folder) / "slices"  # thousands of names do not fit a command line
        links.mkdir()
        for number, file in enumerate(files):
            (links / f"{number:06d}.jpg").symlink_to(file.resolve())
        start = time.perf_counter()
        process = subprocess.Popen([*command, str(links)])
        wait(process)
        if process.returncode:
            raise RuntimeError(f"{command} failed")
        return time.perf_counter() - start


VARIANTS: dict[str, tuple[Callable[..., float], int | None]] = {
    LIMIT: (run_engine, None),
    "engine in fp32, ready tensors": (lambda f, a: run_engine(f, a, "f32"), None),
    BARE: (run_engine_without_heatmaps, None),
    "ONNX Runtime, ready tensors": (run_onnx, None),
    ONE_BY_ONE: (lambda f, a: run_keras(f, a, 1), FEW),
    BATCHES: (lambda f, a: run_keras(f, a, KERAS_BATCH), None),
}


def measure_variant(name: str) -> Result:
    """Measure a variant in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, *sys.argv[1:], "--variant", name]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout.splitlines()[-1])


def run_variant(name: str, args: argparse.Namespace) -> None:
    """Measure in this process; print the result as JSON."""
    run, most = VARIANTS[name]
    files = list_files(args.data, min(args.count, most or args.count))
    started = time.perf_counter()
    seconds = run(files, args)
    start_s = time.perf_counter() - started - seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rate": len(files) / seconds, "start_s": start_s, "peak_mb": peak}))


def measure_command(args: argparse.Namespace, overlays: bool = False) -> Result:
    """Measure the whole command, and the same for one image."""
    cold = run_command(list_files(args.data, 1), args.model)
    files = list_files(args.data, args.count)
    seconds = run_command(files, args.model, overlays)
    return {"rate": (len(files) - 1) / (seconds - cold), "start_s": cold}


def measure_memory(files: list[Path], model: Path, overlays: bool = False) -> float:
    """Measure the peak memory of the whole command, MB."""
    peaks: list[float] = []
    run_command(files, model, overlays, lambda process: peaks.append(watch_memory(process)))
    return peaks[0]


def find_middle(results: list[Result]) -> Result:
    """Find the result whose rate is the median."""
    return sorted(results, key=lambda result: result["rate"])[len(results) // 2]


def compare(args: argparse.Namespace) -> None:
    """Print a table of all variants, and what the project promises of them."""
    # A machine's speed may change by a tenth from minute to minute: what is compared takes turns.
    rounds: dict[str, list[Result]] = {LIMIT: [], BARE: [], PREDICT: []}
    for _ in range(ROUNDS):
        rounds[LIMIT].append(measure_variant(LIMIT))
        rounds[BARE].append(measure_variant(BARE))
        rounds[PREDICT].append(measure_command(args))
    results = {name: find_middle(repeated) for name, repeated in rounds.items()}
    for name in [name for name in VARIANTS if name not in results][: None if args.run else 1]:
        results[name] = measure_variant(name)
    results[PREDICT] = results.pop(PREDICT)  # a table is read from the limit down to it
    results[f"{PREDICT} --overlays"] = measure_command(args, overlays=True)
    files = list_files(args.data, args.count)
    results[PREDICT]["peak_mb"] = measure_memory(files, args.model)
    results[f"{PREDICT} --overlays"]["peak_mb"] = measure_memory(files, args.model, overlays=True)
    limit = results[LIMIT]["rate"]
    cores = len(os.sched_getaffinity(0))
    print(f"{args.count} slices, {cores} cores\n")
    print("| variant | slices a second | of the engine's | peak memory, MB |\n|---|--:|--:|--:|")
    for name, result in results.items():
        print(
            f"| {name} | {result['rate']:.0f} | {result['rate'] / limit:.2f} "
            f"| {result['peak_mb']:.0f} |"
        )
    print(f"\n{ROUNDS} times in turn, of the engine's:")
    for name in (BARE, PREDICT):
        pairs = zip(rounds[name], rounds[LIMIT], strict=True)
        shares = sorted(one["rate"] / limit["rate"] for one, limit in pairs)
        print(f"{name}: " + ", ".join(f"{share:.2f}" for share in shares))
    memory = measure_memory(files[:1], args.model)
    print(f"one image, cold: {results[PREDICT]['start_s']:.2f} s, {memory:.0f} MB")
    for name in (ONE_BY_ONE, BATCHES):
        if name in results:
            print(f"{PREDICT} / {name}: {results[PREDICT]['rate'] / results[name]['rate']:.1f}")


def plot_cost(args: argparse.Namespace) -> None:
    """Plot the milliseconds for a slice against the number of slices, whole process."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    costs = [1000 * run_command(list_files(args.data, n), args.model) / n for n in COUNTS]
    for count, cost in zip(COUNTS, costs, strict=True):
        print(f"{count:>6} slices: {cost:.2f} ms a slice")
    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    axes.loglog(COUNTS, costs, "o-")
    axes.set(xlabel="slices", ylabel="ms a slice, whole process", title="tumorscope predict")
    figure.savefig(args.plot)


def check_constancy(args: argparse.Namespace) -> None:
    """Answer for the same files again and again; print rate and memory of every tenth part."""
    from tumorscope.workflows.predict.command import predict

    part = max(args.slices // 10, 1)
    marks = [time.perf_counter()]

    def report(_: str, done: int, __: int) -> None:
        if done % part == 0:
            marks.append(time.perf_counter())
            memory = sum(map(read_proportional_set, list_family(os.getpid()))) / 1024
            rate = part / (marks[-1] - marks[-2])
            print(f"{done:>7} slices: {rate:.0f} a second, {memory:.0f} MB", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        files = list_files(args.data, args.slices)
        cores = os.cpu_count() or 1
        predict(
            files, Path(folder) / "answers.csv", args.model, processes=cores, on_progress=report
        )


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--run", type=Path)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--slices", type=int)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.variant:
        run_variant(args.variant, args)
    elif args.plot:
        plot_cost(args)
    elif args.slices:
        check_constancy(args)
    else:
        compare(args)


if __name__ == "__main__":
    main()
