"""What a classifier is taught, and by what loss: its class and, with outlines, its lesion map."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tumorscope.model.classifier import LESION_MAP, has_lesion_map


def build_learner(classifier: keras.Model) -> keras.Model:
    """Put side by side all that a classifier is taught: from slices to `pack_targets`' columns.

    The first is the probability of a tumor, the others are the lesion map, as logits.
    """
    if not has_lesion_map(classifier):
        return classifier
    flat = keras.layers.Flatten()(classifier.get_layer(LESION_MAP).output)
    both = keras.layers.Concatenate()([classifier.output, flat])
    return keras.Model(classifier.input, both, name="learner")


def build_loss(
    label_smoothing: float, mask_weight: float
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Build the loss of each slice: cross-entropy of its class and, weighted, of its lesion map.

    Parameters
    ----------
    label_smoothing
        By how much the class is drawn towards one half.
    mask_weight
        Of the mean over the map's positions. Where no lesion is outlined it counts nothing.
    """

    def loss(targets: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
        of_class = keras.losses.binary_crossentropy(
            targets[:, :1], answers[:, :1], label_smoothing=label_smoothing
        )
        if answers.shape[1] == 1:
            return of_class
        shares, logits = targets[:, 1:], answers[:, 1:]
        is_known = tf.math.is_finite(shares)
        of_positions = tf.nn.sigmoid_cross_entropy_with_logits(
            tf.where(is_known, shares, 0.0), logits
        )
        of_map = tf.reduce_mean(tf.where(is_known, of_positions, 0.0), axis=-1)
        return of_class + mask_weight * of_map

    return loss


def accuracy(targets: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
    """Measure the accuracy at one half; a mixed slice counts as what most of it is."""
    return keras.metrics.binary_accuracy(tf.round(targets[:, :1]), answers[:, :1])
