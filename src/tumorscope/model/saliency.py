"""What gradient-based maps need of a trained classifier: activations and gradients of the logit.

Also the network with its layers randomized from the top, for the sanity check of Adebayo et al.,
"Sanity Checks for Saliency Maps", 2018.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tumorscope.model.classifier import BACKBONE, cut_head

_BATCH = 8
_STEPS = 24


class Layer(NamedTuple):
    """Activations of a layer and the gradients of the logit there: (N, h, w, K), float32."""

    activations: NDArray[np.float32]
    gradients: NDArray[np.float32]


class SaliencyNetwork:
    """A trained classifier whose inner layers can be looked at.

    Parameters
    ----------
    classifier
        As built by `build_classifier`.
    """

    def __init__(self, classifier: keras.Model) -> None:
        self.classifier = classifier
        backbone = classifier.get_layer(BACKBONE)
        stages = find_stages(backbone)
        self._scaling = [x for x in classifier.layers if isinstance(x, keras.layers.Rescaling)]
        self._backbone = keras.Model(backbone.inputs[0], [*stages, *backbone.outputs])
        self._stages = len(stages)
        self._head = cut_head(classifier)

    @classmethod
    def load(cls, keras_file: Path) -> "SaliencyNetwork":
        """Load the ``model.keras`` of an artifact."""
        return cls(keras.saving.load_model(keras_file, compile=False))

    def look(self, slices: NDArray[np.uint8]) -> list[Layer]:
        """Give the last layer of each size of the feature map, from the coarsest to the finest.

        Parameters
        ----------
        slices
            Shape (N, side, side, 3), uint8, prepared.
        """
        inputs = tf.cast(slices, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            layers, logit = self._answer(inputs)
        gradients = tape.gradient(logit, layers)
        pairs = zip(layers, gradients, strict=True)
        return [Layer(a.numpy(), g.numpy()) for a, g in pairs][::-1]

    def map_lesion(self, slices: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Give the lesion map of a classifier that has one, (N, h, w), float32, 0..1."""
        layers = self._backbone(self._scale(tf.cast(slices, tf.float32)), training=False)
        _, _, lesion_map = self._head(layers[self._stages :], training=False)
        return np.asarray(tf.sigmoid(lesion_map)[..., 0])

    def integrate_gradients(
        self, slices: NDArray[np.uint8], cells: int = 28
    ) -> NDArray[np.float32]:
        """Integrate gradients from black to the slice; sums over `cells` x `cells` parts.

        References
        ----------
        Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", 2017.
        """
        maps = []
        for one in slices.astype(np.float32):
            total = np.zeros_like(one)
            shares = (np.arange(_STEPS, dtype=np.float32) + 0.5) / _STEPS
            for part in np.array_split(shares, _STEPS // _BATCH):
                inputs = tf.constant(part[:, np.newaxis, np.newaxis, np.newaxis] * one)
                with tf.GradientTape() as tape:
                    tape.watch(inputs)
                    logit = self._answer(inputs)[1]
                total += tape.gradient(logit, inputs).numpy().sum(axis=0)
            pixels = (total / _STEPS * one).sum(axis=-1)
            means = cv2.resize(pixels, (cells, cells), interpolation=cv2.INTER_AREA)
            maps.append(means * (pixels.size / means.size))
        return np.stack(maps).astype(np.float32)

    def _answer(self, inputs: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        layers = self._backbone(self._scale(inputs), training=False)
        _, logit, *_ = self._head(layers[self._stages :], training=False)
        return layers[: self._stages + 1], logit

    def _scale(self, inputs: tf.Tensor) -> tf.Tensor:
        for layer in self._scaling:
            inputs = layer(inputs)
        return inputs


def find_stages(backbone: keras.Model) -> list[keras.KerasTensor]:
    """Find the last feature map of each size but the final one, from fine to coarse."""
    final = backbone.outputs[0].shape[1]
    last = {}
    for layer in backbone.layers:
        shape: tuple[int, ...] = layer.output.shape
        if len(shape) == 4 and shape[1] in (2 * final, 4 * final, 8 * final):  # no padded ones
            last[shape[1]] = layer.output
    return [last[side] for side in sorted(last, reverse=True)]


def randomize_layers(classifier: keras.Model, layers: int | None, seed: int) -> keras.Model:
    """Copy a classifier with its topmost layers drawn anew, all of them if `layers` is None.

    Statistics that the input is scaled by stay. Layers are counted if they have weights.
    """
    keras.utils.set_random_seed(seed)
    fresh = keras.models.clone_model(classifier)
    pairs = list(zip(_list_weighted(classifier), _list_weighted(fresh), strict=True))
    kept = 0 if layers is None else max(len(pairs) - layers, 0)
    for index, (old, new) in enumerate(pairs):
        if index < kept or isinstance(old, keras.layers.Normalization):
            new.set_weights(old.get_weights())
            if isinstance(old, keras.layers.Normalization):
                new.finalize_state()
    return fresh


def _list_weighted(model: keras.Model) -> list[keras.Layer]:
    """List the layers that have weights from the input on, those of inner models in their place."""
    layers: list[keras.Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            layers += _list_weighted(layer)
        elif layer.weights:
            layers.append(layer)
    return layers
