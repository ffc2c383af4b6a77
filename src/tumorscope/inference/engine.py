"""Run the exported graph."""

from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray


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

    def infer(self, slices: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Answer for prepared slices.

        Parameters
        ----------
        slices
            Shape (N, side, side, 3), uint8, RGB.

        Returns
        -------
        tuple
            Probabilities of a tumor, shape (N,), and signed Grad-CAM maps, shape (N, h, w),
            both float32.
        """
        answers = self._graph([slices.astype(np.float32)])
        return answers["probability"], answers["cam"]
