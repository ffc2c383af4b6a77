"""Random losses of a part of a slice: scalp and skull, or a side of the picture; never a lesion."""

import math

import tensorflow as tf

from tumorscope.training.appearance import choose, put

# The head's outline is looked for in a small picture, along so many rays from its center.
_SIDE = 64
_RAYS = 64
# A head is brighter than this part of the brightest place.
_LEAST_BRIGHTNESS = 0.1
# Bone is looked for so deep below the outline, in parts of the head's mean radius.
_DEPTHS = (0.08, 0.26, 12)
# How much darker, in parts of white, bone must be for a depth to be much likelier than another.
_DARKNESS = 0.04
# The margins that programs leave or take differ; in parts of the head's mean radius.
_MOST_MARGIN = 0.08
# A band that is cut off takes from this to that part of a side.
_LEAST_BAND, _MOST_BAND = 0.05, 0.3


def strip_skull(
    slices: tf.Tensor, seed: tf.Tensor, share: float, masks: tf.Tensor | None = None
) -> tf.Tensor:
    """Make what lies outside of the brain black, roughly, in some of the slices.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64.
    share
        Of the slices, 0..1.
    masks
        Shape (N, H, W, 1), float32, 0..255: lesions, which are kept.
    """
    choice_seed, margin_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    rows = choose(tf.shape(slices)[0], choice_seed, share)
    chosen = tf.gather(slices, rows)
    kept = find_brain(chosen, margin_seed)
    if masks is not None:
        kept = tf.maximum(kept, tf.cast(tf.gather(masks, rows) > 0, tf.float32))
    return put(slices, rows, chosen * kept)


def find_brain(slices: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Find roughly what the skull encloses: on rays from the head's center, up to the dark bone.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64, of margins, which differ by slice and by side.

    Returns
    -------
    tensorflow.Tensor
        Shape (N, H, W, 1), float32: 1 inside, 0 outside, in between at the border.
    """
    gray = tf.reduce_mean(slices, axis=3, keepdims=True) / 255.0
    small = tf.nn.avg_pool2d(tf.image.resize(gray, (_SIDE, _SIDE), "area"), 3, 1, "SAME")[..., 0]
    head = _fill(small > _LEAST_BRIGHTNESS * tf.reduce_max(small, axis=(1, 2), keepdims=True))
    center = _find_center(head)
    outline = _measure_rays(head, center)
    mean = tf.reduce_mean(outline, axis=1, keepdims=True)
    brain = outline - mean * (_find_bone(small, center, outline, mean) + _draw_margins(mean, seed))

    grid = tf.range(_SIDE, dtype=tf.float32)
    y = grid[tf.newaxis, :, tf.newaxis] - center[:, 0, tf.newaxis, tf.newaxis]
    x = grid[tf.newaxis, tf.newaxis, :] - center[:, 1, tf.newaxis, tf.newaxis]
    ray = tf.math.floormod(tf.atan2(y, x) * (_RAYS / (2 * math.pi)), float(_RAYS))
    before = tf.cast(ray, tf.int32) % _RAYS
    part = ray - tf.floor(ray)
    limit = (1 - part) * tf.gather(brain, before, batch_dims=1) + part * tf.gather(
        brain, (before + 1) % _RAYS, batch_dims=1
    )
    inside = (limit - tf.sqrt(tf.square(x) + tf.square(y)))[..., tf.newaxis]
    full = tf.shape(slices)[1:3]
    sharpness = tf.cast(tf.reduce_max(full), tf.float32) / _SIDE
    return tf.clip_by_value(0.5 + sharpness * tf.image.resize(inside, full), 0.0, 1.0)


def cut_field(
    slices: tf.Tensor, seed: tf.Tensor, share: float, masks: tf.Tensor | None = None
) -> tf.Tensor:
    """Make a band along one side black, in some of the slices: the scanner saw no further.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64.
    share
        Of the slices, 0..1.
    masks
        Shape (N, H, W, 1), float32, 0..255: lesions, which bands end at.
    """
    shape = tf.shape(slices)
    chance, side, band = tf.unstack(tf.random.stateless_uniform((3, shape[0]), seed))
    side = tf.cast(4 * side, tf.int32)
    band = tf.where(chance < share, _LEAST_BAND + (_MOST_BAND - _LEAST_BAND) * band, 0.0)
    kept = tf.ones_like(slices[:, :, :, :1])
    for axis in (1, 2):
        positions = (tf.range(shape[axis], dtype=tf.float32) + 0.5) / tf.cast(
            shape[axis], tf.float32
        )
        ends = tf.stack([positions, positions[::-1]])  # from the first row on, and from the last
        nearest = tf.gather(ends, tf.clip_by_value(side - 2 * (axis - 1), 0, 1))
        is_cut = (nearest < band[:, tf.newaxis]) & (side // 2 == axis - 1)[:, tf.newaxis]
        if masks is not None:
            lesion = tf.reduce_any(masks > 0, axis=(3 - axis, 3))
            limit = tf.reduce_min(tf.where(lesion, nearest, 1.0), axis=1, keepdims=True)
            is_cut &= nearest < limit
        kept_here = 1 - tf.cast(is_cut, tf.float32)
        kept *= tf.expand_dims(kept_here[..., tf.newaxis], 3 - axis)
    return slices * kept


def _fill(bright: tf.Tensor) -> tf.Tensor:
    """Fill what bright places, (N, H, W), enclose on all four sides."""
    places = tf.cast(bright, tf.float32)
    enclosed = tf.ones_like(bright)
    for axis in (1, 2):
        for reverse in (False, True):
            enclosed &= tf.cumsum(places, axis, reverse=reverse) > 0
    return tf.cast(enclosed, tf.float32)


def _find_center(head: tf.Tensor) -> tf.Tensor:
    """Give the center of a mask, (N, H, W): row and column, (N, 2)."""
    grid = tf.range(_SIDE, dtype=tf.float32)
    area = tf.reduce_sum(head, axis=(1, 2))
    row = tf.math.divide_no_nan(tf.reduce_sum(head * grid[:, tf.newaxis], axis=(1, 2)), area)
    column = tf.math.divide_no_nan(tf.reduce_sum(head * grid, axis=(1, 2)), area)
    return tf.stack([row, column], axis=1)


def _measure_rays(head: tf.Tensor, center: tf.Tensor) -> tf.Tensor:
    """Measure how far a mask reaches from its center, (N, rays), in px."""
    radii = tf.range(_SIDE, dtype=tf.float32)[tf.newaxis, tf.newaxis, :]
    return tf.reduce_sum(_look(head, center, radii), axis=2)


def _find_bone(
    small: tf.Tensor, center: tf.Tensor, outline: tf.Tensor, mean: tf.Tensor
) -> tf.Tensor:
    """Find how deep below the outline bone is, (N, rays), in parts of the mean radius."""
    depths = tf.linspace(*_DEPTHS)
    radii = outline[..., tf.newaxis] - mean[..., tf.newaxis] * depths
    darkness = -_look(small, center, radii) / _DARKNESS
    bone = tf.reduce_sum(tf.nn.softmax(darkness) * depths, axis=2)
    # A skull bends slowly: neighbours, five on a side, count.
    return tf.add_n([tf.roll(bone, step, axis=1) for step in range(-2, 3)]) / 5


def _draw_margins(mean: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Draw how much more is taken off, (N, rays): most on a random side, nothing opposite."""
    margin, side = tf.unstack(tf.random.stateless_uniform((2, tf.shape(mean)[0], 1), seed))
    rays = tf.range(_RAYS, dtype=tf.float32)[tf.newaxis] / _RAYS
    return _MOST_MARGIN * margin * (1 + tf.cos(2 * math.pi * (rays - side)))


def _look(pictures: tf.Tensor, center: tf.Tensor, radii: tf.Tensor) -> tf.Tensor:
    """Read pictures, (N, H, W), on rays from a center at radii, (N or 1, rays or 1, K)."""
    angles = (2 * math.pi / _RAYS) * tf.range(_RAYS, dtype=tf.float32)[tf.newaxis, :, tf.newaxis]
    row = center[:, 0, tf.newaxis, tf.newaxis] + radii * tf.sin(angles)
    column = center[:, 1, tf.newaxis, tf.newaxis] + radii * tf.cos(angles)
    # Outside of a picture there is nothing: a dark frame is there to be read.
    padded = tf.pad(pictures, [[0, 0], [1, 1], [1, 1]])
    places = tf.stack([row, column], axis=-1) + 1.0
    places = tf.cast(tf.round(tf.clip_by_value(places, 0.0, _SIDE + 1.0)), tf.int32)
    return tf.gather_nd(padded, places, batch_dims=1)
