"""Fit a model's guard on the slices that it was trained on, and ask it about others."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.evaluation.decisions.novelty import Subspace, fit_subspace
from tumorscope.inference.brain import SIDE_IN_SERIES_PX, find_without_brain
from tumorscope.inference.engine import Engine
from tumorscope.inference.guard import Guard, check_pixels
from tumorscope.phantoms import draw_phantom
from tumorscope.preprocessing import prepare_slice, reduce_picture, take_gray
from tumorscope.progress import ProgressCallback
from tumorscope.recipe import PreprocessingSettings
from tumorscope.scans.images import read_slice

READING, FITTING = "reading for the guard", "fitting the guard"
"""The stages of a fit that are reported, in their order."""
# Copies add next to nothing, and a group counts once however many of them are read.
_MOST_OF_A_GROUP = 4
# So few tell the looks of all phantoms, and each more lets more drawn skulls pass; docs/guard.md.
_PHANTOMS, _PHANTOM_SEED = 4, 271
_BATCH_SIZE = 16
_THREADS = 2


def fit_guard(
    engine: Engine,
    training: pd.DataFrame,
    settings: PreprocessingSettings,
    on_progress: ProgressCallback,
) -> Subspace:
    """Fit where the features of training slices lie, as they are and turned or mirrored.

    A few phantoms are fitted beside them, of a seed of their own: the models of this package should
    answer for its own phantoms, whose looks no scanner gives. They have no say in the limit.

    Parameters
    ----------
    engine
        Runs the exported model.
    training
        The training part of a manifest. What the rules on pixels refuse is left out.
    settings
        How slices are prepared.
    on_progress
        Called as work goes on.

    Raises
    ------
    InputError
        A slice cannot be read, or none is left.
    MissingExtraError
        nilearn, which ships the template of the phantoms, is not installed.
    """
    few = training.groupby("group", sort=False).head(_MOST_OF_A_GROUP)
    paths, groups = few["path"].tolist(), few["group"].to_numpy()
    turns = np.random.default_rng(0).integers(1, 8, len(few))
    features: list[NDArray[np.float32]] = []
    rows: list[int] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(paths), _BATCH_SIZE):
            part = range(start, min(start + _BATCH_SIZE, len(paths)))
            read = pool.map(lambda row: _prepare(paths[row], settings), part)
            prepared = dict(zip(part, read, strict=True))
            usable = {row: pixels for row, pixels in prepared.items() if pixels is not None}
            if usable:
                upright = np.stack(list(usable.values()))
                turned = np.stack([_turn(pixels, turns[row]) for row, pixels in usable.items()])
                features += [engine.infer(upright).features, engine.infer(turned).features]
                rows += [*usable, *usable]
            on_progress(READING, part.stop, len(paths))
    known = np.concatenate(features) if features else np.empty((0, 1))
    phantoms = np.stack([_prepare_phantom(index, settings) for index in range(_PHANTOMS)])
    return fit_subspace(
        known,
        groups[rows],
        engine.infer(phantoms).features,
        on_fit=lambda done, total: on_progress(FITTING, done, total),
    )


def find_reasons(
    engine: Engine, guard: Guard, paths: Sequence[str], settings: PreprocessingSettings
) -> list[str | None]:
    """Find out of each slice why it is not assessable, or None where it is.

    Parameters
    ----------
    engine
        Runs the model that the guard belongs to.
    guard
        As fitted on the slices that the model was trained on.
    paths
        Slices that have been read before.
    settings
        How slices are prepared.

    Raises
    ------
    InputError
        A slice cannot be read.
    """
    reasons: list[str | None] = []
    with ThreadPoolExecutor(_THREADS) as pool:
        for start in range(0, len(paths), _BATCH_SIZE):
            images = list(pool.map(read_slice, map(Path, paths[start : start + _BATCH_SIZE])))
            prepared = np.stack([prepare_slice(image, settings)[0] for image in images])
            reasons += guard.assess(images, engine.infer(prepared).features)
    return reasons


def find_little_brain(slices: pd.DataFrame) -> pd.Series:
    """Find the slices with little or no brain, by the other slices of their series.

    Parameters
    ----------
    slices
        With ``path``, ``series`` and ``place``, as `find_places` gives it. Not modified.

    Returns
    -------
    pandas.Series
        With their index, bool; False of a slice without a place. The slices of one series are held
        at a time, reduced.

    Raises
    ------
    InputError
        A slice cannot be read.
    """
    found = pd.Series(False, slices.index)
    placed = slices[slices["place"].notna()].sort_values("place")
    with ThreadPoolExecutor(_THREADS) as pool:
        for _, series in placed.groupby("series", sort=False):
            grays = list(pool.map(_read_small, series["path"]))
            found[series.index] = np.array(find_without_brain(grays))
    return found


def _read_small(path: str) -> NDArray[np.uint8]:
    return take_gray(reduce_picture(read_slice(Path(path)), SIDE_IN_SERIES_PX))


def _prepare(path: str, settings: PreprocessingSettings) -> NDArray[np.uint8] | None:
    image = read_slice(Path(path))
    return prepare_slice(image, settings)[0] if check_pixels(image) is None else None


def _prepare_phantom(index: int, settings: PreprocessingSettings) -> NDArray[np.uint8]:
    """Prepare a phantom; every other one has a lesion."""
    gray_hw = draw_phantom(_PHANTOM_SEED, index, has_tumor=index % 2 == 0).image_hw
    return prepare_slice(np.repeat(gray_hw[..., np.newaxis], 3, axis=-1), settings)[0]


def _turn(pixels: NDArray[np.uint8], turn: int) -> NDArray[np.uint8]:
    """Give one of the eight orientations of a square; 0 is its own."""
    return np.rot90(pixels[:, ::-1] if turn >= 4 else pixels, turn % 4)
