"""Run the exported graph."""

import os
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
import openvino
from numpy.typing import NDArray
from openvino.preprocess import PrePostProcessor

BATCH_SIZE = 4
"""Slices that the compiled graph takes at a time: of a fixed number each costs a fifth less."""
EXACT = "f32"
FAST = "bf16"

_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")  # Linux, control groups version 2

_starting = threading.Lock()


class EngineAnswers(NamedTuple):
    """What the graph says of N slices; all float32.

    Attributes
    ----------
    probability
        Of a tumor, shape (N,).
    cam
        The maps, shape (N, h, w): Grad-CAM, signed, or the probability of a lesion.
    features
        By which the guard tells brain MRI slices from other pictures, shape (N, K).
    """

    probability: NDArray[np.float32]
    cam: NDArray[np.float32]
    features: NDArray[np.float32]


class Engine:
    """The graph of an artifact, compiled for this machine's CPU; threads may share it.

    One stream per core, each on a thread of its own, does more slices per second than all cores
    on one slice.

    Parameters
    ----------
    graph
        The ``model.xml`` of an artifact, or an ONNX file.
    precision
        `EXACT`, which gives the same answers on every machine, or what `choose_precision` found.
    cores
        How many to use; by default all.
    """

    def __init__(self, graph: Path, precision: str = EXACT, cores: int | None = None) -> None:
        self.cores = cores or count_cores()
        core = openvino.Core()
        model = core.read_model(graph)
        _, *shape = model.input(0).partial_shape
        self._shape = (BATCH_SIZE, *(side.get_length() for side in shape))
        model.reshape(self._shape)
        preparation = PrePostProcessor(model)
        preparation.input().tensor().set_element_type(openvino.Type.u8)
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "THROUGHPUT",
            "NUM_STREAMS": self.cores,
            "INFERENCE_NUM_THREADS": self.cores,
            # Several processes of one core each would all choose the same.
            "ENABLE_CPU_PINNING": self.cores > 1,
        }
        self._graph = core.compile_model(preparation.build(), "CPU", settings)
        self._own = threading.local()
        # OpenVINO prepares its exchange with NumPy at the first inference of a process. Where two
        # threads came to that together, each would wait for the other for ever.
        with _starting:
            answers = self.infer(np.zeros(self._shape, np.uint8))
        self.side_px = self._shape[1]
        self.feature_count = answers.features.shape[1]

    def infer(self, slices: NDArray[np.uint8]) -> EngineAnswers:
        """Answer for prepared slices.

        Parameters
        ----------
        slices
            Shape (N, side, side, 3), uint8, RGB; N is at least 1.
        """
        if not hasattr(self._own, "request"):  # a request serves one thread at a time
            self._own.request = self._graph.create_infer_request()
        count = len(slices)
        if missing := -count % BATCH_SIZE:
            slices = np.concatenate([slices, np.zeros((missing, *self._shape[1:]), np.uint8)])
        parts = [
            self._own.request.infer([np.ascontiguousarray(part)], share_inputs=True)
            for part in np.split(slices, len(slices) // BATCH_SIZE)
        ]
        return EngineAnswers(
            *(
                np.concatenate([part[name] for part in parts])[:count]
                for name in EngineAnswers._fields
            )
        )


def choose_precision() -> str:
    """Choose bf16 where this CPU has it, which halves the time, and fp32 elsewhere.

    docs/predict.md says how little the answers differ.
    """
    return (
        FAST
        if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        else EXACT
    )


def count_cores() -> int:
    """Count the cores that this process may use; a container may have less than its machine."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = map(int, _CPU_LIMIT.read_text().split())
    except (OSError, ValueError):  # no container, or one without a limit
        return cores
    return max(min(cores, quota // period), 1)
