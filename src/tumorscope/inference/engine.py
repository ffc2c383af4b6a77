"""Run the exported graph."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import openvino
from numpy.typing import NDArray


class EngineAnswers(NamedTuple):
    """What the graph says of N slices; all float32.

    Attributes
    ----------
    probability
        Of a tumor, shape (N,).
    cam
        Signed Grad-CAM maps, shape (N, h, w).
    features
        By which the guard tells brain MRI slices from other pictures, shape (N, K).
    """

    probability: NDArray[np.float32]
    cam: NDArray[np.float32]
    features: NDArray[np.float32]


class Engine:
    """The graph of an artifact, compiled for this machine's CPU in fp32.

    Parameters
    ----------
    graph
        The ``model.xml`` of an artifact, or an ONNX file.
    """

    def __init__(self, graph: Path) -> None:
        # The machine may offer bf16, which changes probabilities in the third digit.
        settings = {"INFERENCE_PRECISION_HINT": "f32"}
        self._graph = openvino.Core().compile_model(graph, "CPU", settings)

    def infer(self, slices: NDArray[np.uint8]) -> EngineAnswers:
        """Answer for prepared slices.

        Parameters
        ----------
        slices
            Shape (N, side, side, 3), uint8, RGB.
        """
        answers = self._graph([slices.astype(np.float32)])
        return EngineAnswers(*(answers[name] for name in EngineAnswers._fields))
