"""Random changes of how a scanner shows a head: gray levels, shading, sharpness, resolution.

Another sequence, coil or matrix shows the same head in another way. A network that is to hold in
hospitals it never met must not learn any one of these looks.
"""

import tensorflow as tf

# Curves of gray levels bend where these parts of the head are darker: there its tissues differ.
_TISSUES = (0.1, 0.3, 0.5, 0.7, 0.9)
# Air is noise below so large a part of what is bright in a slice, and of white.
_AIR, _LEAST_AIR = 0.08, 0.02
# What white becomes in an inverted curve, at least: the brightest tissue stays apart from air.
_LEAST_WHITE, _MOST_WHITE = 0.15, 0.5
# Levels of a slice are known from so many rows and columns of it.
_SAMPLED_ROWS = 32
# A shading has so many knots on each side: coils are as large as a head, not as a gyrus.
_SHADING_KNOTS = 4
# The sigmas of a blur are given for pictures of this width.
_BLUR_SIDE_PX = 224
# A slice is seen in so many times fewer pixels at most.
_MOST_REDUCTION = 3.0


def choose(count: tf.Tensor, seed: tf.Tensor, share: float) -> tf.Tensor:
    """Draw the rows of a batch that a change is for, as their numbers, in order.

    Parameters
    ----------
    count
        Of the slices.
    seed
        Shape (2,), int64.
    share
        Chance of each slice, 0..1.
    """
    return tf.where(tf.random.stateless_uniform((count,), seed) < share)[:, 0]


def put(slices: tf.Tensor, rows: tf.Tensor, changed: tf.Tensor) -> tf.Tensor:
    """Put changed slices back in the rows of a batch that `choose` gave."""
    return tf.tensor_scatter_nd_update(slices, rows[:, tf.newaxis], changed)


def remap_levels(
    slices: tf.Tensor, seed: tf.Tensor, strength: float, inversion: float
) -> tf.Tensor:
    """Give gray levels other ones by a random curve, the same in all of a slice.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255; levels are rounded.
    seed
        Shape (2,), int64.
    strength, inversion
        As for `draw_curves`.

    Returns
    -------
    tensorflow.Tensor
        Shape and range as given; black stays black.
    """
    curves = draw_curves(find_tissues(slices), seed, strength, inversion)
    # One long table is read faster than one for each slice.
    first = 256 * tf.range(tf.shape(slices)[0])[:, tf.newaxis, tf.newaxis, tf.newaxis]
    return tf.gather(tf.reshape(curves, (-1,)), tf.cast(slices + 0.5, tf.int32) + first)


def find_tissues(slices: tf.Tensor) -> tf.Tensor:
    """Find the levels that divide a slice: air from head, and in it one tissue from another.

    Brain is bright in one slice and dark in the next, where fat is brighter yet. A curve that
    bends at fixed levels would change the one and pass over the other.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.

    Returns
    -------
    tensorflow.Tensor
        Shape (N, 7), float32, 0..1, rising: air, five levels of the head, white.
    """
    steps = tf.maximum(tf.shape(slices)[1:3] // _SAMPLED_ROWS, 1)
    sample = tf.reduce_mean(slices[:, :: steps[0], :: steps[1]], axis=3) / 255.0
    levels = tf.sort(tf.reshape(sample, (tf.shape(slices)[0], -1)), axis=1)
    count = tf.cast(tf.shape(levels)[1], tf.float32)
    bright = tf.gather(levels, tf.cast(0.98 * (count - 1), tf.int32), axis=1)[:, tf.newaxis]
    air = tf.maximum(_AIR * bright, _LEAST_AIR)
    in_air = tf.reduce_sum(tf.cast(levels <= air, tf.float32), axis=1, keepdims=True)
    places = tf.minimum(in_air + (count - in_air) * tf.constant([_TISSUES]), count - 1)
    tissues = tf.maximum(tf.gather(levels, tf.cast(places, tf.int32), batch_dims=1), air)
    return tf.concat([air, tissues, tf.ones_like(air)], axis=1)


def draw_curves(
    tissues: tf.Tensor, seed: tf.Tensor, strength: float, inversion: float
) -> tf.Tensor:
    """Draw curves of gray levels, straight between the levels that divide a slice.

    Parameters
    ----------
    tissues
        Shape (N, K + 1), float32, 0..1, as from `find_tissues`.
    seed
        Shape (2,), int64.
    strength
        How far curves are at most from leaving all as it is, 0, to rising as chance has it, 1.
    inversion
        Share of the curves that fall within the head: what is bright in T1 is dark in T2. These
        are as chance has them.

    Returns
    -------
    tensorflow.Tensor
        Shape (N, 256), float32, 0..255: what each level becomes.
    """
    rise_seed, slice_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    shape = tf.shape(tissues)
    rises = tf.random.stateless_uniform((shape[0], shape[1] - 1), rise_seed, 0.1, 1.0)
    risen = tf.cumsum(rises, axis=1) / tf.reduce_sum(rises, axis=1, keepdims=True)
    part, choice, white = tf.unstack(tf.random.stateless_uniform((3, shape[0], 1), slice_seed))
    is_inverted = choice < inversion
    white = _LEAST_WHITE + (_MOST_WHITE - _LEAST_WHITE) * white
    fallen = white + (1 - white) * (1 - risen) / (1 - risen[:, :1])
    part = strength * part
    heights = tf.where(is_inverted, fallen, (1 - part) * tissues[:, 1:] + part * risen)

    starts = tf.where(is_inverted, tissues[:, :1], 0.0)  # elsewhere air rises with the head
    knots = tf.concat([starts, tissues[:, 1:]], axis=1)[..., tf.newaxis]
    levels = tf.linspace(0.0, 1.0, 256)
    widths = tf.maximum(knots[:, 1:] - knots[:, :-1], 1e-6)
    passed = tf.clip_by_value((levels - knots[:, :-1]) / widths, 0.0, 1.0)
    changes = heights - tf.pad(heights[:, :-1], [[0, 0], [1, 0]])
    return 255.0 * tf.clip_by_value(tf.einsum("nkl,nk->nl", passed, changes), 0.0, 1.0)


def add_bias_field(slices: tf.Tensor, seed: tf.Tensor, strength: float) -> tf.Tensor:
    """Shade slices smoothly, as a coil does that is nearer to one side of the head.

    A slice's brightest level is kept, as a display's window would have it.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64.
    strength
        Standard deviation of the logarithm of the shading.
    """
    shape = tf.shape(slices)
    knots = (shape[0], _SHADING_KNOTS, _SHADING_KNOTS)
    shading = tf.exp(strength * tf.random.stateless_normal(knots, seed))
    rows, columns = _spread(shape[1]), _spread(shape[2])
    field = tf.matmul(tf.matmul(rows, shading), columns, transpose_b=True)
    shaded = slices * field[..., tf.newaxis]
    most, now = (tf.reduce_max(x, axis=(1, 2, 3), keepdims=True) for x in (slices, shaded))
    return tf.minimum(shaded * tf.math.divide_no_nan(most, now), most)


def _spread(length: tf.Tensor) -> tf.Tensor:
    """Give the weight of each knot at each pixel, (length, knots), smooth and summing to one."""
    positions = tf.linspace(0.0, _SHADING_KNOTS - 1.0, length)[:, tf.newaxis]
    away = tf.minimum(tf.abs(positions - tf.range(_SHADING_KNOTS, dtype=tf.float32)), 1.0)
    return 1 - away * away * (3 - 2 * away)


def blur(slices: tf.Tensor, seed: tf.Tensor, most: float) -> tf.Tensor:
    """Blur every second slice or so, each by a Gaussian of its own width.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64.
    most
        The largest standard deviation, in px of a slice that is 224 px wide.
    """
    choice_seed, sigma_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    rows = choose(tf.shape(slices)[0], choice_seed, 0.5)
    scale = tf.cast(tf.shape(slices)[2], tf.float32) / _BLUR_SIDE_PX
    sigmas = scale * tf.random.stateless_uniform((tf.shape(rows)[0],), sigma_seed, 0.0, most)
    return put(slices, rows, apply_gaussian(tf.gather(slices, rows), sigmas))


def apply_gaussian(slices: tf.Tensor, sigmas: tf.Tensor) -> tf.Tensor:
    """Blur each slice by a Gaussian of three sigmas to each side; the border is mirrored.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32.
    sigmas
        Shape (N,), in px.
    """
    # A convolution refuses none.
    return tf.cond(tf.size(sigmas) > 0, lambda: _convolve(slices, sigmas), lambda: slices)


def _convolve(slices: tf.Tensor, sigmas: tf.Tensor) -> tf.Tensor:
    shape = tf.shape(slices)
    sigmas = tf.repeat(tf.maximum(sigmas, 1e-3), shape[3])
    radius = tf.cast(tf.math.ceil(3 * tf.reduce_max(tf.concat([[0.0], sigmas], 0))), tf.int32)
    steps = tf.cast(tf.range(-radius, radius + 1), tf.float32)[:, tf.newaxis]
    kernels = tf.exp(-0.5 * tf.square(steps / sigmas))
    kernels /= tf.reduce_sum(kernels, axis=0)
    # As channels of one picture, slices have kernels of their own, and are computed side by side.
    picture = tf.reshape(tf.transpose(slices, (1, 2, 0, 3)), (1, shape[1], shape[2], -1))
    picture = tf.pad(picture, [[0, 0], [radius, radius], [radius, radius], [0, 0]], "SYMMETRIC")
    for kernel in (kernels[:, tf.newaxis], kernels[tf.newaxis]):
        picture = tf.nn.depthwise_conv2d(picture, kernel[..., tf.newaxis], (1, 1, 1, 1), "VALID")
    blurred = tf.reshape(picture, (shape[1], shape[2], shape[0], shape[3]))
    return tf.transpose(blurred, (2, 0, 1, 3))


def reduce_resolution(slices: tf.Tensor, seed: tf.Tensor, share: float) -> tf.Tensor:
    """Show some slices as if they had been scanned in fewer pixels, or thicker, up to a third.

    Parameters
    ----------
    slices
        Shape (N, H, W, C), float32, 0..255.
    seed
        Shape (2,), int64.
    share
        Of the slices, 0..1. Those of a batch are reduced alike, height and width by factors
        of their own.
    """
    choice_seed, factor_seed = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    rows = choose(tf.shape(slices)[0], choice_seed, share)
    factors = tf.random.stateless_uniform((2,), factor_seed, 1.0, _MOST_REDUCTION)
    full = tf.shape(slices)[1:3]
    few = tf.maximum(tf.cast(tf.cast(full, tf.float32) / factors, tf.int32), 1)
    reduced = tf.image.resize(tf.gather(slices, rows), few, "area")
    return put(slices, rows, tf.image.resize(reduced, full))
