"""Random warps: how a head is turned, sized, mirrored and moved."""

import math

import tensorflow as tf

from tumorscope.recipe import AugmentationSettings


def draw_affine(shape: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> tf.Tensor:
    """Draw one affine map per slice: a rotation, an isotropic zoom, mirrorings and a shift.

    Parameters
    ----------
    shape
        Of the batch, (4,), int32: N, H, W, C.
    seed
        Shape (2,), int64.
    settings
        The ranges to draw from.

    Returns
    -------
    tensorflow.Tensor
        Shape (N, 2, 3), float32: from a position in the result, (x, y) from its center in px,
        to the position in the slice.
    """
    drawn = tf.random.stateless_uniform((6, shape[0]), seed, -1.0, 1.0)
    angle, zoom, mirror_x, mirror_y, shift_x, shift_y = tf.unstack(drawn)
    angle *= math.radians(settings.rotation_degrees)
    scale = 1.0 / (1.0 + zoom * settings.zoom)
    sign_x = tf.sign(mirror_x) if settings.horizontal_flip else tf.ones_like(mirror_x)
    sign_y = tf.sign(mirror_y) if settings.vertical_flip else tf.ones_like(mirror_y)
    cosine, sine = tf.cos(angle) * scale, tf.sin(angle) * scale
    height, width = tf.unstack(tf.cast(shape[1:3], tf.float32))
    rows = [
        tf.stack([sign_x * cosine, -sign_y * sine, shift_x * settings.shift * width], axis=-1),
        tf.stack([sign_x * sine, sign_y * cosine, shift_y * settings.shift * height], axis=-1),
    ]
    return tf.stack(rows, axis=1)


def warp(slices: tf.Tensor, matrices: tf.Tensor, fill_mode: str = "NEAREST") -> tf.Tensor:
    """Warp slices about their center, bilinearly.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32.
    matrices
        Shape (N, 2, 3), float32, as from `draw_affine`.
    fill_mode
        What lies outside of a slice: its border (``NEAREST``) or black (``CONSTANT``).
    """
    height, width = tf.unstack(tf.shape(slices)[1:3])
    center = tf.cast(tf.stack([width - 1, height - 1]), tf.float32) / 2
    linear, shift = matrices[:, :, :2], matrices[:, :, 2]
    offset = center + shift - tf.linalg.matvec(linear, center)
    affine = tf.concat([linear, offset[..., tf.newaxis]], axis=-1)
    transforms = tf.pad(tf.reshape(affine, (-1, 6)), [[0, 0], [0, 2]])
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=slices,
        transforms=transforms,
        output_shape=tf.stack([height, width]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode=fill_mode,
    )
