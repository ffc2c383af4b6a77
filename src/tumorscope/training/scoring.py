"""Answer for slices with the network as Keras holds it, without an export."""

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.recipe import Recipe
from tumorscope.training.pipeline import build_validation_batches, saying_what_is_unreadable
from tumorscope.training.store import SliceStore


def score_slices(model: keras.Model, slices: pd.DataFrame, recipe: Recipe) -> NDArray[np.float64]:
    """Compute the probability of a tumor for each slice.

    Parameters
    ----------
    model
        A trained classifier.
    slices
        With the columns ``path``, ``label``, ``group`` and, as recorded, ``sha256``.
    recipe
        How slices are prepared, and how many at a time.

    Returns
    -------
    numpy.ndarray
        Shape (N,), within [0, 1], in the order of `slices`.

    Raises
    ------
    InputError
        A slice cannot be read, or has changed since it was recorded.
    """
    store = SliceStore(slices, recipe.preprocessing, cache_mb=0)
    batches = build_validation_batches(store, recipe.training.batch_size)
    with saying_what_is_unreadable([store]):
        probabilities = np.asarray(model.predict(batches, verbose=0), np.float64)
    store.close()
    return probabilities[:, 0]
