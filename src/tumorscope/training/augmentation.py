"""Random changes of slices, drawn from a seed: a warp, gray levels, noise, a hole, a mixture.

How a head lies is in `warps`, how another scanner would show it in `appearance`, what it would not
show in `stripping`.
"""

import tensorflow as tf

from tumorscope.recipe import AugmentationSettings
from tumorscope.training.appearance import add_bias_field, blur, reduce_resolution, remap_levels
from tumorscope.training.stripping import cut_field, strip_skull
from tumorscope.training.warps import draw_affine, warp

_FILL_MODES = {"nearest": "NEAREST", "black": "CONSTANT"}


def augment(
    slices: tf.Tensor,
    seed: tf.Tensor,
    settings: AugmentationSettings,
    masks: tf.Tensor | None = None,
) -> tf.Tensor:
    """Change a batch of slices at random.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64; the same seed gives the same changes.
    settings
        The ranges to draw from.
    masks
        Shape (N, H, W, 1), float32, 0..255: lesions, which no slice loses with its skull or a
        side of it. They are not changed; `follow` does that.

    Returns
    -------
    tensorflow.Tensor
        Shape and range as given.
    """
    matrices = draw_affine(tf.shape(slices), seed, settings)
    levels_seed, noise_seed, hole_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 3))
    skull_seed, field_seed, look_seed = tf.unstack(
        tf.random.experimental.stateless_split(levels_seed, 3)
    )
    # In the order in which it happens: what is scanned, how it lies, how the scanner shows it.
    if settings.stripping:
        slices = strip_skull(slices, skull_seed, settings.stripping, masks)
    if settings.field_of_view:
        slices = cut_field(slices, field_seed, settings.field_of_view, masks)
    slices = warp(slices, matrices, _FILL_MODES[settings.outside])
    slices = change_appearance(slices, look_seed, settings)
    if settings.brightness or settings.contrast or settings.gamma:
        slices = change_levels(slices, *draw_levels(tf.shape(slices)[0], levels_seed, settings))
    if settings.noise:
        slices = add_noise(slices, noise_seed, settings.noise)
    if settings.erasing:
        slices = erase(slices, draw_holes(tf.shape(slices)[0], hole_seed, settings.erasing))
    return slices


def change_appearance(
    slices: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings
) -> tf.Tensor:
    """Show slices as another sequence, coil or resolution might; by default as they are."""
    levels_seed, shading_seed, blur_seed, resolution_seed = tf.unstack(
        tf.random.experimental.stateless_split(seed, 4)
    )
    if settings.remap or settings.inversion:
        slices = remap_levels(slices, levels_seed, settings.remap, settings.inversion)
    if settings.bias_field:
        slices = add_bias_field(slices, shading_seed, settings.bias_field)
    if settings.blur:
        slices = blur(slices, blur_seed, settings.blur)
    if settings.low_resolution:
        slices = reduce_resolution(slices, resolution_seed, settings.low_resolution)
    return slices


def follow(masks: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings) -> tf.Tensor:
    """Warp masks as `augment` warps their slices, by the same seed; outside there is no lesion.

    Parameters
    ----------
    masks
        Shape (N, H, W, 1), float32, of the slices' height and width.
    seed, settings
        As for `augment`.
    """
    return warp(masks, draw_affine(tf.shape(masks), seed, settings), _FILL_MODES["black"])


def mix(
    slices: tf.Tensor, labels: tf.Tensor, seed: tf.Tensor, concentration: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mix each slice, and its label alike, with another one of the batch (mixup).

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32.
    labels
        Shape (N, K), float32: the label, 0..1, and whatever else is to be mixed alike. What is
        not known of a slice, NaN, is not known of a mixture with it.
    seed
        Shape (2,), int64.
    concentration
        Both parameters of the beta distribution that the shares are drawn from.

    References
    ----------
    Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    """
    count = tf.shape(slices)[0]
    one, other = tf.unstack(tf.random.stateless_gamma((2, count), seed, concentration))
    share = tf.maximum(one, other) / (one + other)  # a slice keeps the larger part of itself
    pixel_share = share[:, tf.newaxis, tf.newaxis, tf.newaxis]
    mixed = pixel_share * slices + (1 - pixel_share) * slices[::-1]
    label_share = share[:, tf.newaxis]
    return mixed, label_share * labels + (1 - label_share) * labels[::-1]


def draw_levels(
    count: tf.Tensor, seed: tf.Tensor, settings: AugmentationSettings
) -> tuple[tf.Tensor | None, tf.Tensor, tf.Tensor]:
    """Draw for each slice an exponent (gamma), a factor (contrast) and an offset (brightness).

    There is no exponent where all would be 1: powers take longer than all the rest.
    """
    gamma, contrast, brightness = tf.unstack(
        tf.random.stateless_uniform((3, count), seed, -1.0, 1.0)
    )
    return (
        tf.exp(gamma * settings.gamma) if settings.gamma else None,
        1.0 + contrast * settings.contrast,
        brightness * settings.brightness * 255.0,
    )


def change_levels(
    slices: tf.Tensor, gamma: tf.Tensor | None, contrast: tf.Tensor, brightness: tf.Tensor
) -> tf.Tensor:
    """Bend, stretch about the slice's mean, and shift its gray levels, each of shape (N,)."""
    contrast, brightness = (
        value[:, tf.newaxis, tf.newaxis, tf.newaxis] for value in (contrast, brightness)
    )
    if gamma is not None:
        slices = 255.0 * tf.pow(slices / 255.0, gamma[:, tf.newaxis, tf.newaxis, tf.newaxis])
    mean = tf.reduce_mean(slices, axis=(1, 2, 3), keepdims=True)
    return tf.clip_by_value((slices - mean) * contrast + mean + brightness, 0.0, 255.0)


def add_noise(slices: tf.Tensor, seed: tf.Tensor, most: float) -> tf.Tensor:
    """Add gray Gaussian noise; its standard deviation, up to `most` of 255, varies by slice."""
    shape = tf.shape(slices)
    deviation_seed, noise_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    deviation = tf.random.stateless_uniform((shape[0], 1, 1, 1), deviation_seed, 0.0, most * 255.0)
    noise = tf.random.stateless_normal((shape[0], shape[1], shape[2], 1), noise_seed)
    return tf.clip_by_value(slices + deviation * noise, 0.0, 255.0)


def draw_holes(count: tf.Tensor, seed: tf.Tensor, most: float) -> tf.Tensor:
    """Draw a square for each slice: center x and y, half its side, in parts of the slice."""
    x, y, size = tf.unstack(tf.random.stateless_uniform((3, count), seed))
    return tf.stack([x, y, size * most / 2], axis=-1)


def erase(slices: tf.Tensor, holes: tf.Tensor) -> tf.Tensor:
    """Put the slice's mean in place of a square of it, as from `draw_holes`."""
    height, width = tf.unstack(tf.shape(slices)[1:3])
    x, y, half = (holes[:, i, tf.newaxis] for i in range(3))
    in_rows = tf.abs(tf.linspace(0.0, 1.0, height)[tf.newaxis] - y) < half
    in_columns = tf.abs(tf.linspace(0.0, 1.0, width)[tf.newaxis] - x) < half
    hole = in_rows[:, :, tf.newaxis, tf.newaxis] & in_columns[:, tf.newaxis, :, tf.newaxis]
    return tf.where(hole, tf.reduce_mean(slices, axis=(1, 2, 3), keepdims=True), slices)
