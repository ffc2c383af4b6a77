"""Do maps depend on what the network has learned? Layers are randomized from the top.

The sanity check of Adebayo et al., "Sanity Checks for Saliency Maps", 2018: the rank correlation
of each map with that of the trained network has to fall.

    python -m benchmarks.explanation.sanity RUN SLICE [SLICE ...]

The run has to be of a training with outlines.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from tumorscope.artifact.reader import find_artifact, read_artifact
from tumorscope.explanation import cam
from tumorscope.model.saliency import SaliencyNetwork, randomize_layers
from tumorscope.preprocessing import prepare_slice
from tumorscope.scans.images import read_slice

LAYERS = (0, 1, 2, 4, 16, None)
METHODS: dict[str, Callable[[SaliencyNetwork, np.ndarray], np.ndarray]] = {
    "lesion map": lambda network, slices: network.map_lesion(slices),
    "Grad-CAM": lambda network, slices: cam.grad_cam(*network.look(slices)[0]),
    "Eigen-CAM": lambda network, slices: cam.eigen_cam(network.look(slices)[0].activations),
    "LayerCAM, fused": lambda network, slices: cam.fuse(
        [cam.layer_cam(*layer) for layer in network.look(slices)[:3]]
    ),
}


def main() -> None:
    """Print the mean rank correlation by method and number of randomized layers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("slices", type=Path, nargs="+")
    arguments = parser.parse_args()
    artifact = find_artifact(arguments.model)
    settings = read_artifact(artifact).preprocessing
    slices = np.stack([prepare_slice(read_slice(path), settings)[0] for path in arguments.slices])
    trained = SaliencyNetwork.load(artifact / "model.keras")
    before = {name: method(trained, slices) for name, method in METHODS.items()}
    print("| layers randomized from the top | " + " | ".join(METHODS) + " |")
    print("| --- |" + " ---: |" * len(METHODS))
    for layers in LAYERS:
        network = SaliencyNetwork(randomize_layers(trained.classifier, layers, seed=0))
        cells = [
            f"{_correlate(before[name], method(network, slices)):.2f}"
            for name, method in METHODS.items()
        ]
        print(f"| {'all' if layers is None else layers} | {' | '.join(cells)} |")


def _correlate(before: np.ndarray, after: np.ndarray) -> float:
    pairs = zip(before, after, strict=True)
    return float(np.nanmean([spearmanr(a.ravel(), b.ravel()).statistic for a, b in pairs]))


if __name__ == "__main__":
    main()
