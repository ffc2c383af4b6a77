"""What a phase of a training trains, and on what: slices, or features that are computed once."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tumorscope.dataset.splits import TRAIN, VALIDATION
from tumorscope.recipe import DataSettings, Recipe
from tumorscope.training.draws import draw_weighted, number_pictures, weigh_draws
from tumorscope.training.frozen import (
    MOST_SLICES,
    build_feature_batches,
    compute_features,
    split_learner,
)
from tumorscope.training.pipeline import (
    build_training_batches,
    build_validation_batches,
    draw_epoch,
)
from tumorscope.training.store import SliceStore

Stores = dict[str, SliceStore]


class Lessons(NamedTuple):
    """What a phase trains, on what, for how many steps an epoch, and what it is measured on."""

    trained: keras.Model
    batches: tf.data.Dataset
    steps: int
    validation: Any


def open_stores(recipe: Recipe, manifest: pd.DataFrame) -> Stores:
    """Open the slices of each part that there is; they share the cache by their size.

    Parameters
    ----------
    recipe
        How slices are prepared and kept, and how many copies of a picture are measured.
    manifest
        With ``split``, and what `SliceStore` takes.
    """
    stores = {}
    for part in (TRAIN, VALIDATION):
        slices = manifest[manifest["split"] == part]
        if slices.empty:
            continue
        if part == VALIDATION:
            slices = _choose_measured(slices, recipe.data)
        share = len(slices) / len(manifest)
        cache_mb = round(recipe.training.cache_mb * share)
        stores[part] = SliceStore(slices, recipe.preprocessing, cache_mb)
    return stores


def _choose_measured(slices: pd.DataFrame, settings: DataSettings) -> pd.DataFrame:
    """Choose what is measured after each epoch, as evenly as what an epoch visits."""
    if settings.draws is not None:
        count = math.ceil(settings.draws * settings.validation_fraction)
        labels = slices["label"].to_numpy()
        rows = draw_weighted(weigh_draws(slices), labels, count, np.random.default_rng(0))
        return slices.iloc[np.sort(rows)]
    if settings.drawn_per_group is not None:
        return slices.groupby(number_pictures(slices)).head(settings.drawn_per_group)
    return slices


def stream_slices(
    learner: keras.Model, recipe: Recipe, stores: Stores, first_epoch: int
) -> Lessons:
    """Let all of the network see slices, changed anew in every epoch.

    Parameters
    ----------
    learner
        From `build_learner`.
    recipe, stores
        What it learns from, and how that is changed.
    first_epoch
        The number of the first epoch to give.
    """
    settings, store = recipe.training, stores[TRAIN]
    map_side = math.isqrt(learner.output_shape[1] - 1)
    batches = build_training_batches(
        store,
        recipe.augmentation,
        settings.batch_size,
        recipe.seed,
        first_epoch,
        recipe.data.drawn_per_group,
        map_side,
        weigh_classes(store, recipe.data.drawn_per_group) if settings.balance_classes else None,
        count_draws(store, recipe.data),
    )
    validation = None
    if VALIDATION in stores:
        validation = build_validation_batches(stores[VALIDATION], settings.batch_size, map_side)
    return Lessons(learner, batches, count_steps(store, recipe), validation)


def cache_features(
    learner: keras.Model, recipe: Recipe, stores: Stores, first_epoch: int
) -> Lessons:
    """Let the head alone see features: always those of what would be the slices of epoch 0.

    All else is as in `stream_slices`.
    """
    infer, head = split_learner(learner)
    _, batches, steps, _ = stream_slices(learner, recipe, stores, first_epoch=0)
    features = compute_features(infer, batches, steps)
    measured = None
    if VALIDATION in stores:
        map_side = math.isqrt(learner.output_shape[1] - 1)
        validation = build_validation_batches(
            stores[VALIDATION], recipe.training.batch_size, map_side, MOST_SLICES
        )
        maps, taught = compute_features(infer, validation, len(validation))
        measured = maps, *taught
    size = recipe.training.batch_size
    cached = build_feature_batches(features, size, recipe.seed, first_epoch)
    return Lessons(head, cached, math.ceil(len(features.maps[0]) / size), measured)


def count_steps(store: SliceStore, recipe: Recipe) -> int:
    """Count the batches of an epoch."""
    slices = count_draws(store, recipe.data)
    if slices is None:
        rng = np.random.default_rng(0)
        slices = len(draw_epoch(store.copies, recipe.data.drawn_per_group, rng))
    return math.ceil(slices / recipe.training.batch_size)


def count_draws(store: SliceStore, settings: DataSettings) -> int | None:
    """Count the slices that an epoch draws by their weights: no more than there are pictures."""
    if settings.draws is None:
        return None
    return min(settings.draws, len(np.unique(store.copies)))


def weigh_classes(store: SliceStore, drawn_per_group: int | None = None) -> list[float]:
    """Weigh each class so that both count the same in an epoch, and together as much as they are.

    Parameters
    ----------
    store
        The training slices.
    drawn_per_group
        How many copies of a picture an epoch visits at most; those that it does not visit do not
        count.
    """
    drawn = np.ones(len(store))
    if drawn_per_group is not None:
        sizes = pd.Series(store.copies).groupby(store.copies).transform("size").to_numpy()
        drawn = np.minimum(drawn_per_group / sizes, 1)
    return [drawn.sum() / (2 * float(drawn[store.labels == label].sum())) for label in (0, 1)]
