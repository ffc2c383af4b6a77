"""The maps that are compared: the one that is shipped, references, and baselines."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.artifact.spec import OPENVINO_FILE
from tumorscope.errors import ArtifactError, InputError, suggest
from tumorscope.explanation import baselines, cam
from tumorscope.explanation.perturbation import Answer, average_flips, occlude, score_cam
from tumorscope.inference.engine import Engine
from tumorscope.workflows.training_extra import check_training, import_training

Slices = NDArray[np.uint8]
Maps = NDArray[np.float32]
Method = Callable[[Slices], Maps]

SHIPPED = "shipped"
BASELINES = ("center", "brightness", "random", "untrained")
_KERAS_FILE = "model.keras"
_SEED = 0
_CHANNELS = 32
_SCORE_CAM = f"Score-CAM, {_CHANNELS} channels"
_OF_ENGINE = (SHIPPED, "shipped, flips averaged", "occlusion", "center", "brightness", "random")
_OF_KERAS = (
    "Grad-CAM", "Grad-CAM++", "Eigen-CAM", "HiResCAM, stage before", "LayerCAM, stage before",
    "LayerCAM, fused", _SCORE_CAM, "integrated gradients", "untrained",
)  # fmt: skip
_ALWAYS = (SHIPPED, "center", "brightness", "random")


def list_methods(
    artifact: Path, chosen: Sequence[str] | None = None
) -> tuple[dict[str, Method], Answer]:
    """List the methods to be measured, and the model's answer for prepared slices.

    Parameters
    ----------
    artifact
        The model. Without ``model.keras`` it has only those that need no gradient.
    chosen
        Names; the shipped map and what costs nothing to compare it with are there in any case.
        None: all there are.

    Raises
    ------
    MissingExtraError
        A chosen one needs Keras, and that is not installed.
    """
    methods, answer = list_engine_methods(artifact)
    if chosen is None or set(chosen) & set(_OF_KERAS):
        methods |= list_keras_methods(artifact, answer)
    wanted = methods if chosen is None else {*_ALWAYS, *chosen}
    return {name: method for name, method in methods.items() if name in wanted}, answer


def check_methods(artifact: Path, chosen: Sequence[str] | None) -> None:
    """Refuse methods that cannot be measured, before slices are read.

    Raises
    ------
    InputError
        There is no method of a name, or it needs a Keras file that the artifact does not carry.
    MissingExtraError
        One needs Keras, and that is not installed.
    """
    has_file = (artifact / _KERAS_FILE).is_file()
    for name in chosen or ():
        if name not in (*_OF_ENGINE, *_OF_KERAS):
            names = "; ".join((*_OF_ENGINE, *_OF_KERAS))
            hint = suggest(name, (*_OF_ENGINE, *_OF_KERAS))
            raise InputError(f"no method {name!r}{hint}; choose of: {names}")
        if name in _OF_KERAS and not has_file:
            raise InputError(f"{artifact}: carries no {_KERAS_FILE}, which {name} needs")
    if has_file and (chosen is None or set(chosen) & set(_OF_KERAS)):
        check_training()


def list_engine_methods(artifact: Path) -> tuple[dict[str, Method], Answer]:
    """List the methods that need the exported graph only, and its answer for prepared slices."""
    engine = Engine(artifact / OPENVINO_FILE)

    def answer(slices: Slices) -> NDArray[np.float32]:
        return engine.infer(slices).probability

    def explain(slices: Slices) -> Maps:
        return engine.infer(slices).cam

    methods: dict[str, Method] = {
        SHIPPED: explain,
        "shipped, flips averaged": lambda slices: average_flips(explain, slices),
        "occlusion": lambda slices: occlude(slices, answer),
        "center": baselines.draw_center,
        "brightness": baselines.blur_brightness,
        "random": baselines.draw_random,
    }
    return methods, answer


def list_keras_methods(artifact: Path, answer: Answer) -> dict[str, Method]:
    """List the methods that look into the Keras file; none where the artifact carries it not.

    Parameters
    ----------
    artifact
        The model.
    answer
        The exported graph's, for what asks many times and needs no gradient.

    Raises
    ------
    ArtifactError
        The file holds no network.
    MissingExtraError
        The file is there, but Keras is not installed.
    """
    path = artifact / _KERAS_FILE
    if not path.is_file():
        return {}
    with import_training():
        from tumorscope.model.saliency import SaliencyNetwork, randomize_layers
    try:
        network = SaliencyNetwork.load(path)
    except Exception as error:  # Keras raises nearly anything on what is no network
        raise ArtifactError(
            f"{path}: not a network that Keras reads; copy the artifact again"
        ) from error
    untrained = SaliencyNetwork(randomize_layers(network.classifier, None, _SEED))
    return {
        "Grad-CAM": lambda slices: cam.grad_cam(*network.look(slices)[0]),
        "Grad-CAM++": lambda slices: cam.grad_cam_plus_plus(*network.look(slices)[0]),
        "Eigen-CAM": lambda slices: cam.eigen_cam(network.look(slices)[0].activations),
        "HiResCAM, stage before": lambda slices: cam.hires_cam(*network.look(slices)[1]),
        "LayerCAM, stage before": lambda slices: cam.layer_cam(*network.look(slices)[1]),
        "LayerCAM, fused": lambda slices: cam.fuse(
            [cam.layer_cam(*layer) for layer in network.look(slices)[:3]]
        ),
        _SCORE_CAM: lambda slices: score_cam(
            slices, network.look(slices)[0].activations, answer, _CHANNELS
        ),
        "integrated gradients": network.integrate_gradients,
        "untrained": lambda slices: cam.grad_cam(*untrained.look(slices)[0]),
    }
