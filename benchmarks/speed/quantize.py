"""Would an int8 model pay? Quantize a model after training and compare it with bf16 and fp32.

    pip install nncf
    python -m benchmarks.speed.quantize DATA --model dist/model

NNCF calibrates on 300 slices; time and answers are of 300 others, in batches as `predict` runs
them. It pays if it is faster than what the engine chooses by itself, and changes fewer than 0.5 %
of the classes.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.speed.predict import list_files, prepare, time_batches
from tumorscope.artifact.reader import find_artifact
from tumorscope.inference.engine import BATCH_SIZE, EXACT, FAST, Engine, count_cores

COUNT = 300


def quantize(graph: Path, slices: np.ndarray, out: Path) -> None:
    """Quantize weights and activations to 8 bits, with NNCF's defaults for mixed activations."""
    import nncf
    import openvino

    calibration = nncf.Dataset(slices[:, np.newaxis].astype(np.float32))
    model = nncf.quantize(
        openvino.Core().read_model(graph),
        calibration,
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(slices),
    )
    openvino.save_model(model, out)


def main() -> None:
    """Print a table of the precisions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()
    files = list_files(arguments.data, 2 * COUNT)
    slices = prepare(files, arguments.model)
    calibrating, testing = slices[::2], slices[1::2]
    graph = find_artifact(arguments.model) / "model.xml"
    with tempfile.TemporaryDirectory() as folder:
        quantized = Path(folder) / "model.xml"
        quantize(graph, calibrating, quantized)
        engines = {
            "fp32": Engine(graph, EXACT),
            "bf16": Engine(graph, FAST),
            "int8": Engine(quantized, EXACT),
        }
        exact = engines["fp32"].infer(testing).probability
        print("| precision | slices a second | mean change of the probability | classes changed |")
        print("| --- | ---: | ---: | ---: |")
        for name, engine in engines.items():
            seconds = time_batches(engine.infer, testing, BATCH_SIZE, count_cores())
            found = engine.infer(testing).probability
            changed = np.mean((found >= 0.5) != (exact >= 0.5))
            change = np.abs(found - exact).mean()
            print(f"| {name} | {len(testing) / seconds:.0f} | {change:.4f} | {changed:.1%} |")


if __name__ == "__main__":
    main()
