"""Random rotation, zoom and flips: drawn from a seed, then applied as one affine warp."""

import math

import tensorflow as tf

from tumorscope.recipe import AugmentationSettings


def augment(slices: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> tf.Tensor:
    """Change a batch of slices at random.

    Parameters
    ----------
    slices
        Shape (N, H, W, 3), float32, 0..255.
    seed
        Shape (2,), int64; the same seed gives the same changes.
    settings
        The ranges to draw from.

    Returns
    -------
    tensorflow.Tensor
        Shape and range as given.
    """
    matrices = draw_affine(tf.shape(slices)[0], seed, settings)
    return warp(slices, matrices)


def draw_affine(count: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> tf.Tensor:
    """Draw one linear map per slice: a rotation, an isotropic zoom and mirrorings.

    Parameters
    ----------
    count
        Number of slices, scalar int32.
    seed
        Shape (2,), int64.
    settings
        The ranges to draw from.

    Returns
    -------
    tensorflow.Tensor
        Shape (N, 2, 2), float32: from a position in the result, (x, y) from its center, to
        the position in the slice.
    """
    angle, zoom, mirror_x, mirror_y = tf.unstack(
        tf.random.stateless_uniform((4, count), seed, -1.0, 1.0)
    )
    angle *= math.radians(settings.rotation_degrees)
    scale = 1.0 / (1.0 + zoom * settings.zoom)
    sign_x = tf.sign(mirror_x) if settings.horizontal_flip else tf.ones_like(mirror_x)
    sign_y = tf.sign(mirror_y) if settings.vertical_flip else tf.ones_like(mirror_y)
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    rows = [
        tf.stack([sign_x * cosine, -sign_y * sine], axis=-1),
        tf.stack([sign_x * sine, sign_y * cosine], axis=-1),
    ]
    return tf.stack(rows, axis=1)


def warp(slices: tf.Tensor, matrices: tf.Tensor) -> tf.Tensor:
    """Warp slices about their center, bilinearly, repeating the border outside.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32.
    matrices
        Shape (N, 2, 2), float32, as from `draw_affine`.
    """
    height, width = tf.unstack(tf.shape(slices)[1:3])
    center = tf.cast(tf.stack([width - 1, height - 1]), tf.float32) / 2
    offset = center - tf.linalg.matvec(matrices, center)
    affine = tf.concat([matrices, offset[..., tf.newaxis]], axis=-1)
    transforms = tf.pad(tf.reshape(affine, (-1, 6)), [[0, 0], [0, 2]])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=slices,
        transforms=transforms,
        output_shape=tf.stack([height, width]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
