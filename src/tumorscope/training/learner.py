"""What a classifier is taught, and by what loss: its class and, with outlines, its lesion map."""

from collections.abc import Callable

import keras
import tensorflow as tf

from tumorscope.model.classifier import LESION_MAP, has_lesion_map

# Beside the mean over the map's positions; docs/experiments.md says what it gains.
_POINTING_WEIGHT = 0.3
# A lesion that a turn or shift has left only a speck of is not pointed at.
_LEAST_SHARE = 0.02


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
    label_smoothing: float, mask_weight: float, overlap_weight: float = 0.0
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Build the loss of each slice: cross-entropy of its class and, weighted, of its lesion map.

    Parameters
    ----------
    label_smoothing
        By how much the class is drawn towards one half.
    mask_weight
        Of the map's loss: the mean cross-entropy of its positions and, for a lesion, that of
        pointing into it. Where it is not known whether and where a lesion is, it counts nothing.
    overlap_weight
        Of what a lesion and the map do not share, in the map's loss.
    """

    def loss(targets: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
        of_class = keras.losses.binary_crossentropy(
            targets[:, :1], answers[:, :1], label_smoothing=label_smoothing
        )
        if answers.shape[1] == 1:
            return of_class
        shares, logits = targets[:, 1:], answers[:, 1:]
        is_known = tf.math.is_finite(shares)
        shares = tf.where(is_known, shares, 0.0)
        of_positions = tf.nn.sigmoid_cross_entropy_with_logits(shares, logits)
        of_map = tf.reduce_mean(tf.where(is_known, of_positions, 0.0), axis=-1)
        of_pointing = _POINTING_WEIGHT * _measure_pointing(shares, logits)
        if overlap_weight:
            of_map += overlap_weight * _measure_overlap(shares, logits)
        return of_class + mask_weight * (of_map + of_pointing)

    return loss


def _measure_overlap(shares: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Measure what a lesion and the map do not share, 0..1; 0 where there is no lesion.

    References
    ----------
    Milletari, Navab and Ahmadi, "V-Net: Fully Convolutional Neural Networks for Volumetric Medical
    Image Segmentation", 2016.
    """
    found = tf.sigmoid(logits)
    shared = 2 * tf.reduce_sum(found * shares, axis=-1)
    both = tf.reduce_sum(tf.square(found) + tf.square(shares), axis=-1)
    is_lesion = tf.reduce_max(shares, axis=-1) > _LEAST_SHARE
    return tf.where(is_lesion, 1 - tf.math.divide_no_nan(shared, both), 0.0)


def _measure_pointing(shares: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Measure the cross-entropy of pointing into the lesion; 0 where there is none.

    The peak of the map is one position, and nothing in the mean over all says where it should be:
    a few strong ones beside the lesion cost little. Here the map points by its softmax.
    """
    largest = tf.reduce_max(shares, axis=-1, keepdims=True)
    inside = tf.math.divide_no_nan(shares, largest)
    hits = tf.reduce_sum(tf.nn.softmax(logits) * inside, axis=-1)
    missed = -tf.math.log(hits + keras.config.epsilon())
    return tf.where(largest[:, 0] > _LEAST_SHARE, missed, 0.0)


def accuracy(targets: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
    """Measure the accuracy at one half; a mixed slice counts as what most of it is."""
    return keras.metrics.binary_accuracy(tf.round(targets[:, :1]), answers[:, :1])
