"""Stream prepared slices from disk to the network, in batches, by tf.data."""

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf
from numpy.typing import NDArray

from tumorscope.data.preprocessing import prepare_slice
from tumorscope.data.readers import read_slice
from tumorscope.recipe import AugmentationSettings, PreprocessingSettings
from tumorscope.training.augmentation import augment, mix

Batch = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]


class SliceStore:
    """The prepared slices of a manifest, decoded when asked for and kept as far as memory allows.

    The first slices that fit stay; the rest is decoded again in each epoch. As every epoch
    visits every slice once, replacing one by another would keep no more of them.

    Parameters
    ----------
    manifest
        With the columns ``path``, ``label`` and ``group``.
    settings
        How slices are prepared.
    cache_mb
        Most memory that decoded slices may take, MiB.
    """

    def __init__(
        self, manifest: pd.DataFrame, settings: PreprocessingSettings, cache_mb: int
    ) -> None:
        self.labels = manifest["label"].to_numpy(np.float32)
        self.copies = number_copies(manifest)
        self._paths = [Path(path) for path in manifest["path"]]
        self.side_px = settings.side_px
        self._settings = settings
        self._room = cache_mb * 2**20
        self._cache: dict[int, NDArray[np.uint8]] = {}
        self._pool = ThreadPoolExecutor(os.cpu_count())

    def __len__(self) -> int:
        return len(self._paths)

    def read_batch(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Give prepared slices, uint8, (N, side, side, C): C is 1 if all are gray, else 3."""
        slices = list(self._pool.map(self._read, rows.tolist()))
        for row, pixels in zip(rows.tolist(), slices, strict=True):
            if row not in self._cache and pixels.nbytes <= self._room:
                self._cache[row] = pixels
                self._room -= pixels.nbytes
        channels = max(pixels.shape[2] for pixels in slices)
        return np.stack(
            [np.broadcast_to(pixels, (*pixels.shape[:2], channels)) for pixels in slices]
        )

    def close(self) -> None:
        """Let go of the decoded slices; TensorFlow holds on to a dataset's generator for good."""
        self._cache.clear()
        self._pool.shutdown()

    def _read(self, row: int) -> NDArray[np.uint8]:
        """Give a prepared slice, shape (side, side, 1) if it is gray as most are, else 3."""
        if row in self._cache:
            return self._cache[row]
        prepared, _ = prepare_slice(read_slice(self._paths[row]), self._settings)
        is_gray = bool((prepared == prepared[..., :1]).all())
        return prepared[..., :1].copy() if is_gray else prepared


def build_training_batches(
    store: SliceStore,
    augmentation: AugmentationSettings,
    batch_size: int,
    seed: int,
    first_epoch: int,
    drawn_per_group: int | None = None,
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

    Returns
    -------
    tensorflow.data.Dataset
        Of (slices, labels): (N, side, side, 3), float32, 0..255 and (N, 1), float32.
    """

    def generate() -> Iterator[Batch]:
        epoch = first_epoch
        while True:
            order = draw_epoch(store.copies, drawn_per_group, np.random.default_rng([seed, epoch]))
            for start in range(0, len(order), batch_size):
                rows = order[start : start + batch_size]
                batch_seed = np.array([seed, epoch * len(order) + start])
                yield store.read_batch(rows), store.labels[rows], batch_seed
            epoch += 1

    def prepare(
        slices: tf.Tensor, labels: tf.Tensor, batch_seed: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        changed = augment(tf.cast(slices, tf.float32), batch_seed, augmentation)
        labels = labels[:, tf.newaxis]
        if augmentation.mixup:
            changed, labels = mix(changed, labels, batch_seed, augmentation.mixup)
        return _to_rgb(changed, store.side_px), labels

    batches = tf.data.Dataset.from_generator(generate, output_signature=_signature(store))
    return batches.map(prepare, num_parallel_calls=2, deterministic=True).prefetch(2)


def number_copies(manifest: pd.DataFrame) -> NDArray[np.int64]:
    """Tell copies by a number; a patient's slices are a group, but each shows something else.

    Parameters
    ----------
    manifest
        With the column ``group`` and, where known, ``patient_id``.
    """
    groups = manifest["group"].to_numpy(np.int64)
    if "patient_id" not in manifest:
        return groups
    alone = -1 - np.arange(len(manifest))
    return np.where(manifest["patient_id"].isna(), groups, alone)


def draw_epoch(
    groups: NDArray[np.int64], drawn_per_group: int | None, generator: np.random.Generator
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
    """
    order = generator.permutation(len(groups))
    if drawn_per_group is None:
        return order
    rank = pd.Series(groups[order]).groupby(groups[order]).cumcount().to_numpy()
    return order[rank < drawn_per_group]


def build_validation_batches(store: SliceStore, batch_size: int) -> tf.data.Dataset:
    """Stream the slices of a store once, in order and unchanged, as (slices, labels)."""

    def generate() -> Iterator[Batch]:
        for start in range(0, len(store), batch_size):
            rows = np.arange(start, min(start + batch_size, len(store)))
            yield store.read_batch(rows), store.labels[rows], np.zeros(2, np.int64)

    def prepare(slices: tf.Tensor, labels: tf.Tensor, _: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _to_rgb(tf.cast(slices, tf.float32), store.side_px), labels[:, tf.newaxis]

    batches = tf.data.Dataset.from_generator(generate, output_signature=_signature(store))
    count = math.ceil(len(store) / batch_size)
    return batches.map(prepare).apply(tf.data.experimental.assert_cardinality(count)).prefetch(2)


def _to_rgb(slices: tf.Tensor, side_px: int) -> tf.Tensor:
    """Repeat gray for the network, only now: whatever came before had a third of the work."""
    return tf.broadcast_to(slices, (tf.shape(slices)[0], side_px, side_px, 3))


def _signature(store: SliceStore) -> tuple[tf.TensorSpec, ...]:
    side = store.side_px
    return (
        tf.TensorSpec((None, side, side, None), tf.uint8),
        tf.TensorSpec((None,), tf.float32),
        tf.TensorSpec((2,), tf.int64),
    )
