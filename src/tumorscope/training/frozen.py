"""Train the head on features of the frozen backbone that are computed once."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tumorscope.model.classifier import list_map_inputs
from tumorscope.training.pipeline import stream

# Of each some 340 KB are kept at 224 px, half of that as float16. A head needs no more of them.
MOST_SLICES = 2048

Arrays = tuple[NDArray[np.generic], ...]
Infer = Callable[[tf.Tensor], list[tf.Tensor]]


class Features(NamedTuple):
    """What a frozen backbone gives for slices, and what is to be learned of them.

    Attributes
    ----------
    maps
        Each (N, h, w, K), float16.
    taught
        Targets and, where there are any, weights; each with N rows.
    """

    maps: Arrays
    taught: Arrays


def split_learner(learner: keras.Model) -> tuple[Infer, keras.Model]:
    """Split a learner at the maps of its backbone.

    Returns
    -------
    tuple
        What gives the list of maps for slices, in inference mode; and the head, from these to the
        learner's answers, which shares its layers.
    """
    maps = list_map_inputs(learner)
    backbone = keras.Model(learner.input, maps)
    signature = [tf.TensorSpec((None, *learner.input_shape[1:]), tf.float32)]
    infer = tf.function(
        lambda slices: keras.tree.flatten(backbone(slices, training=False)),
        signature,
        autograph=False,
    )
    return infer, keras.Model(maps, learner.output)


def compute_features(infer: Infer, batches: tf.data.Dataset, steps: int) -> Features:
    """Compute the features of the first `steps` batches, and of `MOST_SLICES` slices or few more.

    Parameters
    ----------
    infer
        The first part of `split_learner`.
    batches
        Of (slices, targets) or (slices, targets, weights).
    steps
        At least 1.
    """
    found: list[tuple[Arrays, Arrays]] = []
    slices_left = MOST_SLICES
    for slices, *taught in batches.take(steps):
        maps = tuple(each.numpy().astype(np.float16) for each in infer(slices))
        found.append((maps, tuple(each.numpy() for each in taught)))
        slices_left -= len(slices)
        if slices_left <= 0:
            break
    return Features(*(_join(parts) for parts in zip(*found, strict=True)))


def _join(parts: Sequence[Arrays]) -> Arrays:
    return tuple(np.concatenate(arrays) for arrays in zip(*parts, strict=True))


def build_feature_batches(
    features: Features, batch_size: int, seed: int, first_epoch: int
) -> tf.data.Dataset:
    """Stream features without end, each epoch in an order that depends on seed and number only."""

    def generate() -> Iterator[tuple[Arrays, *Arrays]]:
        epoch = first_epoch
        while True:
            order = np.random.default_rng([seed, epoch]).permutation(len(features.maps[0]))
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                yield _take(features.maps, rows), *_take(features.taught, rows)
            epoch += 1

    signature = (_describe(features.maps), *_describe(features.taught))
    return stream(generate, signature).prefetch(2)


def _take(arrays: Sequence[NDArray[np.generic]], rows: NDArray[np.int64]) -> Arrays:
    return tuple(array[rows] for array in arrays)


def _describe(arrays: Sequence[NDArray[np.generic]]) -> tuple[tf.TensorSpec, ...]:
    return tuple(tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays)
