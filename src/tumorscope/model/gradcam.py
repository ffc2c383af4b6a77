"""The heatmap as part of the graph that answers: a lesion map, or Grad-CAM in closed form.

A classifier that learned from outlines has a lesion map of its own. Of any other, with a head of
global average pooling, Dense(relu) and Dense(1), the gradient of the logit with respect to the last
feature map is the same at every position, so that it can be written down:

    alpha_k = 1 / (h * w) * sum_j W1[k, j] * [hidden_j > 0] * W2[j]
    map     = sum_k alpha_k * A_k

The ReLU of the map is Grad-CAM for "tumor", the ReLU of its negative Grad-CAM for "no tumor".

References
----------
Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017. As the gradient is constant over space, HiResCAM (Draelos and Carin,
2020) gives the same map.
"""

import keras
import numpy as np
import tensorflow as tf

from tumorscope.model.classifier import BACKBONE, HIDDEN, LOGIT, cut_head, has_lesion_map

_INNER_MAPS = 3


class ExplainedClassifier:
    """A classifier in inference mode that explains its answers in the same forward pass.

    It also gives the features by which pictures are told that are no brain MRI slices at all.

    Parameters
    ----------
    classifier
        As built by `build_classifier`.
    """

    def __init__(self, classifier: keras.Model) -> None:
        backbone = classifier.get_layer(BACKBONE)
        _inline_normalization(backbone)
        self._scaling = [x for x in classifier.layers if isinstance(x, keras.layers.Rescaling)]
        self._backbone = keras.Model(
            backbone.inputs[0], [*find_inner_maps(backbone), *backbone.outputs]
        )
        self._head = cut_head(classifier)
        if not has_lesion_map(classifier):
            self._hidden_kernel = classifier.get_layer(HIDDEN).kernel
            self._logit_kernel = classifier.get_layer(LOGIT).kernel
        self.signature = tf.TensorSpec((None, *classifier.input_shape[1:]), tf.float32, "slices")
        self.infer = tf.function(self._infer, input_signature=[self.signature], autograph=False)

    def _infer(self, slices: tf.Tensor) -> dict[str, tf.Tensor]:
        """Answer ``probability``, (N,), ``cam``, (N, h, w), and ``features``, (N, K).

        The map is the lesion map, within 0..1, or Grad-CAM before its ReLU. The features are the
        means of the middle of three maps inside the backbone, each of unit length: its last map
        knows only of what tells tumors from none, and what is around a brain is easily drawn.
        """
        for layer in self._scaling:
            slices = layer(slices)
        outputs = self._backbone(slices, training=False)
        inner, maps = outputs[:_INNER_MAPS], outputs[_INNER_MAPS:]
        hidden, logit, *lesion_map = self._head(maps, training=False)
        means = [tf.reduce_mean(_cut_middle(found), axis=(1, 2)) for found in inner]
        return {
            "probability": tf.sigmoid(logit)[:, 0],
            "cam": tf.sigmoid(lesion_map[0])[..., 0]
            if lesion_map
            else self._explain(maps[0], hidden),
            "features": tf.concat([tf.math.l2_normalize(mean, axis=1) for mean in means], axis=1),
        }

    def _explain(self, feature_map: tf.Tensor, hidden: tf.Tensor) -> tf.Tensor:
        positions = tf.cast(feature_map.shape[1] * feature_map.shape[2], tf.float32)
        active = tf.cast(hidden > 0, tf.float32)
        alpha = tf.matmul(
            active * tf.transpose(self._logit_kernel) / positions,
            self._hidden_kernel,
            transpose_b=True,
        )
        return tf.reduce_sum(feature_map * alpha[:, tf.newaxis, tf.newaxis, :], axis=-1)


def find_inner_maps(backbone: keras.Model) -> list[keras.KerasTensor]:
    """Find three maps inside a backbone from which other pictures are told.

    Parameters
    ----------
    backbone
        From (N, side, side, 3) to a feature map (N, h, w, K).

    Returns
    -------
    list
        Of what activations give before the resolution falls for the last time, those at a third
        and at two thirds; and the second one after that. In an EfficientNet with its blocks as
        published these are what the depthwise convolutions of the blocks 4c and 5b give and what
        block 6b expands. The backbone's own output stands for one that it does not have.
    """
    maps = [
        layer.output
        for layer in backbone.layers
        if isinstance(layer, keras.layers.Activation | keras.layers.ReLU)
    ]
    final = backbone.outputs[0]
    last = [inner for inner in maps if inner.shape[1] == final.shape[1]]
    side = min((inner.shape[1] for inner in maps if inner.shape[1] > final.shape[1]), default=0)
    before = [inner for inner in maps if inner.shape[1] == side] or [final]
    thirds = [before[len(before) // 3], before[2 * len(before) // 3]]
    return [*thirds, last[1] if len(last) > 1 else final]


def _cut_middle(feature_map: tf.Tensor) -> tf.Tensor:
    """Cut a quarter from each side of a map, (N, h, w, K)."""
    height, width = feature_map.shape[1:3]
    rows, columns = height // 4, width // 4
    return feature_map[:, rows : height - rows, columns : width - columns]


def _inline_normalization(backbone: keras.Model) -> None:
    """Hold the input statistics as arrays: as tensors they would become inputs of the graph."""
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.Normalization):
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)
