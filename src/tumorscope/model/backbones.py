"""The networks that turn a slice into a feature map, by name.

``efficientnetlite0`` is built here; every other name is looked up in ``keras.applications``.
A backbone takes RGB slices in 0..255, float32, shape (N, H, W, 3), and does its own scaling.
"""

import inspect
import sys
from collections.abc import Callable
from types import ModuleType

import keras
import numpy as np
from keras.src.applications import efficientnet
from numpy.typing import NDArray

from tumorscope.errors import RecipeError, suggest

LITE0 = "efficientnetlite0"
# What the Lite0 checkpoint was trained on: (x - 127) / 128, x in 0..255.
_LITE0_MEAN = (127 / 255,) * 3
_LITE0_VARIANCE = ((128 / 255) ** 2,) * 3
# Keras' EfficientNet files carry the standard deviation where the layer expects a variance.
_IMAGENET_MEAN = (0.485, 0.456, 0.406)
_IMAGENET_VARIANCE = (0.229**2, 0.224**2, 0.225**2)


def build_backbone(name: str, side_px: int) -> keras.Model:
    """Build a backbone with random weights.

    Parameters
    ----------
    name
        ``efficientnetlite0`` or a class of ``keras.applications`` in lower case.
    side_px
        Height and width of the input, px.

    Returns
    -------
    keras.Model
        From (N, side, side, 3) to a feature map (N, h, w, K).

    Raises
    ------
    RecipeError
        No backbone has that name.
    """
    shape = (side_px, side_px, 3)
    if name == LITE0:
        backbone = _build_lite0(shape)
    else:
        module, constructor = find_application(name)
        backbone = constructor(
            include_top=False,
            weights=None,
            input_tensor=_scale(keras.Input(shape), module.preprocess_input),
        )
    set_input_statistics(name, backbone)
    return backbone


def _scale(
    slices: keras.KerasTensor, preprocess: Callable[..., NDArray[np.float32]]
) -> keras.KerasTensor:
    """Do what Keras does in front of a backbone: a scale, an offset, and perhaps BGR for RGB.

    Its own operations hold arrays that no exported graph can take in; layers hold numbers.
    """
    colors = preprocess(np.eye(3, dtype="float32")[np.newaxis, np.newaxis])[0, 0]
    offset = preprocess(np.zeros((1, 1, 1, 3), "float32"))[0, 0, 0]
    factors = colors - offset
    if not np.diag(factors).all():
        slices, factors = slices[..., ::-1], factors[::-1]
    scale = np.diag(factors)
    if (scale == 1).all() and not offset.any():
        return slices
    return keras.layers.Rescaling(scale.tolist(), offset.tolist())(slices)


def set_input_statistics(name: str, backbone: keras.Model) -> None:
    """Set the input statistics of an EfficientNet to those its weights were trained with.

    Keras' ImageNet files of EfficientNetB0-B7 are right only together with an extra scaling
    layer that Keras adds when it downloads them itself. Setting the statistics here makes a file
    given by path and a downloaded one the same network.
    """
    if name == LITE0:
        mean, variance = _LITE0_MEAN, _LITE0_VARIANCE
    elif name.startswith("efficientnetb"):
        mean, variance = _IMAGENET_MEAN, _IMAGENET_VARIANCE
    else:
        return
    (layer,) = (x for x in backbone.layers if isinstance(x, keras.layers.Normalization))
    layer.set_weights([np.array(mean, "float32"), np.array(variance, "float32"), np.int32(0)])
    layer.finalize_state()


def find_application(name: str) -> tuple[ModuleType, Callable[..., keras.Model]]:
    """Find a network of ``keras.applications`` by its lower-case name, with its module."""
    constructors = {
        attribute.lower(): value
        for attribute, value in inspect.getmembers(keras.applications, inspect.isfunction)
    }
    if name not in constructors:
        names = [LITE0, *constructors]
        raise RecipeError(
            f"model.backbone: {name!r} is not a backbone{suggest(name, names)}; "
            f"known are {', '.join(names)}"
        )
    constructor = constructors[name]
    return sys.modules[constructor.__module__], constructor


def _build_lite0(shape: tuple[int, int, int]) -> keras.Model:
    """EfficientNet-Lite0: EfficientNetB0 without squeeze-and-excite and with ReLU6."""
    blocks = [{**block, "se_ratio": 0.0} for block in efficientnet.DEFAULT_BLOCKS_ARGS]
    return efficientnet.EfficientNet(
        width_coefficient=1.0,
        depth_coefficient=1.0,
        default_size=224,
        activation="relu6",
        blocks_args=blocks,
        name=LITE0,
        include_top=False,
        weights=None,
        input_shape=shape,
        weights_name=None,
    )
