"""Stream prepared slices from disk to the network, in batches, by tf.data."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray

from tumorscope.errors import InputError
from tumorscope.recipe import AugmentationSettings
from tumorscope.training.augmentation import augment, follow, mix
from tumorscope.training.draws import choose_evenly, draw_weighted
from tumorscope.training.store import Pixels, SliceStore

# Seconds are saved where TensorFlow is not to look for Python's `if` and `for` on tensors.
_as_written = tf.autograph.experimental.do_not_convert

Batch = tuple[Pixels, Pixels, NDArray[np.int64], NDArray[np.int64]]


def build_training_batches(
    store: SliceStore,
    augmentation: AugmentationSettings,
    batch_size: int,
    seed: int,
    first_epoch: int,
    drawn_per_group: int | None = None,
    map_side: int = 0,
    class_weights: Sequence[float] | None = None,
    draws: int | None = None,
) -> tf.data.Dataset:
    """Stream shuffled, augmented batches without end.

    What an epoch holds depends on the seed and its number only, so a run that is resumed at any
    epoch sees what it would have seen.

    Parameters
    ----------
    store
        The training slices.
    augmentation
        The ranges of the random changes.
    batch_size
        Slices per batch; the last one of an epoch may be smaller.
    seed
        Of order and changes.
    first_epoch
        The number of the first epoch to give.
    drawn_per_group
        As in `draw_epoch`.
    map_side
        Height and width of the lesion map that is learned beside the class; 0: none is.
    class_weights
        What a slice without and one with a tumor count.
    draws
        How many slices an epoch visits, drawn by their weights; None: by `drawn_per_group`.

    Returns
    -------
    tensorflow.data.Dataset
        Of (slices, targets) or (slices, targets, weights): (N, side, side, 3), float32, 0..255;
        (N, K), float32, as from `pack_targets`; and (N,), float32.
    """
    wanted = store.knows_lesion if map_side else None

    def generate() -> Iterator[Batch]:
        epoch = first_epoch
        while True:
            random = np.random.default_rng([seed, epoch])
            if draws is None:
                order = draw_epoch(store.copies, drawn_per_group, random, wanted)
            else:
                order = draw_weighted(store.weights, store.labels, draws, random)
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                batch_seed = np.array([seed, epoch * len(order) + start])
                yield *store.read_batch(rows), rows, batch_seed
            epoch += 1

    def prepare(
        slices: tf.Tensor, masks: tf.Tensor, rows: tf.Tensor, batch_seed: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        labels, is_known = _gather_labels(store, rows)
        masks = tf.cast(masks, tf.float32)
        changed = augment(tf.cast(slices, tf.float32), batch_seed, augmentation, masks)
        if map_side:
            masks = follow(masks, batch_seed, augmentation)
        targets = pack_targets(labels, masks, is_known, map_side)
        weights = []
        if class_weights is not None:
            weights.append(tf.gather(class_weights, tf.cast(targets[:, 0], tf.int32)))
        if augmentation.mixup:
            changed, targets = mix(changed, targets, batch_seed, augmentation.mixup)
        return _to_rgb(changed, store.side_px), targets, *weights

    batches = stream(generate, _signature(store))
    return batches.map(_as_written(prepare), num_parallel_calls=2, deterministic=True).prefetch(2)


def draw_epoch(
    groups: NDArray[np.int64],
    drawn_per_group: int | None,
    generator: np.random.Generator,
    wanted: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Draw the rows that an epoch visits, in random order.

    Parameters
    ----------
    groups
        Shape (N,), the group of each row.
    drawn_per_group
        At most so many rows of each group, so that copies are a gift of variety and no group
        outweighs another; None: every row.
    generator
        Of the random numbers.
    wanted
        Shape (N,): rows that are drawn before others of their group.
    """
    order = generator.permutation(len(groups))
    if drawn_per_group is None:
        return order
    first = order if wanted is None else order[np.argsort(~wanted[order], kind="stable")]
    rank = pd.Series(groups[first]).groupby(groups[first]).cumcount().to_numpy()
    drawn = np.zeros(len(groups), np.bool_)
    drawn[first[rank < drawn_per_group]] = True
    return order[drawn[order]]


def pack_targets(
    labels: tf.Tensor, masks: tf.Tensor, is_known: tf.Tensor, map_side: int
) -> tf.Tensor:
    """Put side by side what is learned of each slice: its label and the lesion's shares of a map.

    Parameters
    ----------
    labels
        Shape (N,), float32.
    masks
        Shape (N, side, side, 1), float32, 0..255.
    is_known
        Shape (N,), bool: whether the mask tells where a lesion is.
    map_side
        Of the map.

    Returns
    -------
    tensorflow.Tensor
        Shape (N, 1 + map_side**2), float32, 0..1; NaN for the map of a slice where it is not
        known.
    """
    columns = labels[:, tf.newaxis]
    if map_side:
        shares = tf.image.resize(masks / 255.0, (map_side, map_side), "area")
        shares = tf.reshape(shares, (-1, map_side**2))
        unknown = tf.fill(tf.shape(shares), math.nan)
        columns = tf.concat([columns, tf.where(is_known[:, tf.newaxis], shares, unknown)], axis=1)
    return columns


def build_validation_batches(
    store: SliceStore, batch_size: int, map_side: int = 0, most: int | None = None
) -> tf.data.Dataset:
    """Stream the slices of a store once, in order and unchanged, as (slices, targets).

    With `most`, no more than these, as many of each class as its share of all.
    """
    chosen = choose_evenly(store.labels, most)

    def generate() -> Iterator[Batch]:
        for start in range(0, len(chosen), batch_size):
            rows = chosen[start : start + batch_size]
            yield *store.read_batch(rows), rows, np.zeros(2, np.int64)

    def prepare(
        slices: tf.Tensor, masks: tf.Tensor, rows: tf.Tensor, _: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        labels, is_known = _gather_labels(store, rows)
        targets = pack_targets(labels, tf.cast(masks, tf.float32), is_known, map_side)
        return _to_rgb(tf.cast(slices, tf.float32), store.side_px), targets

    batches = stream(generate, _signature(store))
    count = math.ceil(len(chosen) / batch_size)
    return (
        batches.map(_as_written(prepare))
        .apply(tf.data.experimental.assert_cardinality(count))
        .prefetch(2)
    )


def _gather_labels(store: SliceStore, rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.gather(store.labels, rows), tf.gather(store.knows_lesion, rows)


def _to_rgb(slices: tf.Tensor, side_px: int) -> tf.Tensor:
    """Repeat gray for the network, only now: whatever came before had a third of the work."""
    return tf.broadcast_to(slices, (tf.shape(slices)[0], side_px, side_px, 3))


@contextmanager
def saying_what_is_unreadable(stores: Iterable[SliceStore]) -> Iterator[None]:
    """Raise what a store could not read, not the page that TensorFlow makes of it.

    Raises
    ------
    InputError
        A slice or a mask is gone, damaged or changed since the training began.
    """
    try:
        yield
    except tf.errors.OpError:
        for store in stores:
            if store.error is not None:
                raise InputError(
                    f"{store.error}; once that is mended, go on with --resume"
                ) from None
        raise


def stream(generate: Callable[[], Iterator[Any]], signature: Any) -> tf.data.Dataset:
    """Stream what a generator yields, of a signature of `tensorflow.TensorSpec`."""
    batches = tf.data.Dataset.from_generator(generate, output_signature=signature)
    options = tf.data.Options()
    # There is nothing to tune, and the tuner's thread sleeps ever longer, up to a minute, which the
    # end of a stream waits for.
    options.autotune.enabled = False
    return batches.with_options(options)


def _signature(store: SliceStore) -> tuple[tf.TensorSpec, ...]:
    side = store.side_px
    return (
        tf.TensorSpec((None, side, side, None), tf.uint8),
        tf.TensorSpec((None, side, side, 1), tf.uint8),
        tf.TensorSpec((None,), tf.int64),
        tf.TensorSpec((2,), tf.int64),
    )
