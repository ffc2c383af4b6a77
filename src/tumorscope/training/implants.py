"""Put the lesion of one slice into another that has none.

A source that shows healthy heads only, or a plane that only patients were scanned in, tells the
label by itself. With lesions of others in its slices it no longer does, and what is left to learn
from is the lesion.
"""

from typing import NamedTuple

import tensorflow as tf

from tumorscope.training.appearance import apply_gaussian, choose, put
from tumorscope.training.warps import Moves, draw_affine, warp

# What a lesion that is given covers of its slice.
_LEAST_GIVEN, _MOST_GIVEN = 0.005, 0.15
# A mask that fills its bounding box is a box that somebody drew around a lesion.
_BOX_FILL = 0.97
# Of a slice's side: the sigmas of its soft edge, and of what a ring around it is cut from.
_EDGE, _RING = 0.012, 0.025
_ZONE_STARTS = 0.02
# Below this part of white is air, and so much of a lesion and its ring may lie in air.
_AIR = 0.06 * 255.0
_MOST_AIR = 0.15
# What a lesion has to change of what it covers to be seen: gray levels, and parts of those around.
_LEAST_CHANGE, _LEAST_CONTRAST = 8.0, 0.15
# As a lesion is bright in one sequence and dark in another.
_INVERTED = 0.3
# How a lesion is turned, sized and moved from where it was, before all of the slice is.
_MOVES = Moves(
    rotation_degrees=30.0, zoom=0.3, shift=0.12, horizontal_flip=True, vertical_flip=False
)


class Lesson(NamedTuple):
    """Slices with the masks of their lesions and their labels: (N, H, W, C), (N, H, W, 1), (N,)."""

    slices: tf.Tensor
    masks: tf.Tensor
    labels: tf.Tensor


def implant(lesson: Lesson, seed: tf.Tensor, share: float) -> Lesson:
    """Put lesions of a batch into slices of it that have none.

    A lesion is given as its contrast to the tissue around it, bright or dark, and put upon the
    level that is around it in the other slice. Where it can't be seen there, or lies outside of
    the head, the slice stays what it was.

    Parameters
    ----------
    lesson
        Float32, 0..255; labels 0 and 1.
    seed
        Shape (2,), int64.
    share
        Chance of each slice without a tumor, 0..1.

    References
    ----------
    Zhang et al., "CarveMix: A Simple Data Augmentation Method for Brain Lesion Segmentation", 2021.
    """
    choice_seed, donor_seed, move_seed, look_seed = tf.unstack(
        tf.random.experimental.stateless_split(seed, 4)
    )
    outlines = round_boxes(lesson.masks)
    covered = tf.reduce_mean(outlines, axis=(1, 2, 3))
    donors = tf.where((covered > _LEAST_GIVEN) & (covered < _MOST_GIVEN))[:, 0]
    chosen = choose(tf.shape(lesson.labels)[0], choice_seed, share)
    hosts = tf.boolean_mask(chosen, tf.gather(lesson.labels, chosen) == 0)
    hosts = hosts[: tf.size(hosts) * tf.minimum(tf.size(donors), 1)]

    drawn = tf.random.stateless_uniform(tf.shape(hosts), donor_seed)
    given = tf.gather(donors, tf.cast(drawn * tf.cast(tf.size(donors), tf.float32), tf.int64))
    moves = draw_affine(_count(lesson.slices, hosts), move_seed, _MOVES)
    lesions = warp(tf.gather(lesson.slices, given), moves)
    outlines = warp(tf.gather(outlines, given), moves, "CONSTANT")
    before = tf.gather(lesson.slices, hosts)
    after, is_seen = _blend(before, lesions, outlines, look_seed)
    rows = tf.boolean_mask(hosts, is_seen)
    return Lesson(
        put(lesson.slices, rows, tf.boolean_mask(after, is_seen)),
        put(lesson.masks, rows, 255.0 * tf.boolean_mask(outlines, is_seen)),
        put(lesson.labels, rows, tf.ones(tf.shape(rows)[0])),
    )


def round_boxes(masks: tf.Tensor) -> tf.Tensor:
    """Give masks in 0..1, in which an ellipse stands for what was a box.

    Parameters
    ----------
    masks
        Shape (N, H, W, 1), float32, 0..255.
    """
    inside = masks / 255.0
    down, across = (tf.reduce_max(inside, axis=axis, keepdims=True) for axis in (2, 1))
    box = down * across
    fill = tf.math.divide_no_nan(*(tf.reduce_sum(x, axis=(1, 2, 3)) for x in (inside, box)))
    square = sum(_find_distance(side, axis) for side, axis in ((down, 1), (across, 2)))
    ellipse = box * tf.cast(square <= 1.0, tf.float32)
    return tf.where((fill > _BOX_FILL)[:, tf.newaxis, tf.newaxis, tf.newaxis], ellipse, inside)


def _find_distance(side: tf.Tensor, axis: int) -> tf.Tensor:
    """Give the squared distance from the middle of a side, 1 at its ends."""
    length = tf.reduce_sum(side, axis=axis, keepdims=True)
    places = tf.cumsum(tf.ones_like(side), axis=axis)
    middle = tf.math.divide_no_nan(tf.reduce_sum(side * places, axis, keepdims=True), length)
    return tf.square(tf.math.divide_no_nan(2 * (places - middle), length))


def _count(slices: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    return tf.concat([tf.shape(rows), tf.shape(slices)[1:]], axis=0)


def _blend(
    before: tf.Tensor, lesions: tf.Tensor, outlines: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Put lesions upon the level of the tissue around them in another slice, and tell if seen."""
    count, side = tf.shape(before)[0], tf.cast(tf.shape(before)[1], tf.float32)
    strength, cover, sign = (
        drawn[:, tf.newaxis, tf.newaxis, tf.newaxis]
        for drawn in tf.unstack(tf.random.stateless_uniform((3, count), seed))
    )
    soft, wide = (
        apply_gaussian(outlines, tf.fill((count,), sigma * side)) for sigma in (_EDGE, _RING)
    )
    zone = tf.cast(wide > _ZONE_STARTS, tf.float32)
    ring = zone * tf.cast(outlines == 0, tf.float32)
    around, there = _average_tissue(before, ring), _average_tissue(lesions, ring)
    scale = tf.clip_by_value(tf.math.divide_no_nan(around, there), 0.5, 2.0)
    scale *= tf.where(sign < _INVERTED, -1.0, 1.0) * (0.6 + 0.6 * strength)
    hidden = (0.5 + 0.5 * cover) * soft
    after = before + hidden * (around - before) + soft * scale * (lesions - there)
    after = tf.clip_by_value(after, 0.0, 255.0)

    in_air = _average(tf.cast(_is_air(before), tf.float32), zone)
    change = _average(tf.reduce_mean(tf.abs(after - before), axis=3, keepdims=True), outlines)
    is_seen = change > _LEAST_CHANGE + _LEAST_CONTRAST * around
    return after, (is_seen & (in_air < _MOST_AIR) & (around > 0))[:, 0, 0, 0]


def _is_air(slices: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(slices, axis=3, keepdims=True) < _AIR


def _average_tissue(slices: tf.Tensor, zone: tf.Tensor) -> tf.Tensor:
    """Average the gray level of what of a zone is no air, as (N, 1, 1, 1)."""
    gray = tf.reduce_mean(slices, axis=3, keepdims=True)
    return _average(gray, tf.where(_is_air(slices), 0.0, zone))


def _average(values: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    total = tf.reduce_sum(values * weights, axis=(1, 2, 3), keepdims=True)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weights, axis=(1, 2, 3), keepdims=True))
