import numpy as np
import pytest
import tensorflow as tf

from tumorscope.recipe import AugmentationSettings
from tumorscope.training.augmentation import augment, draw_affine, warp

SEED = tf.constant([3, 7], tf.int64)


def settings(**changes) -> AugmentationSettings:
    nothing = {
        "rotation_degrees": 0.0,
        "zoom": 0.0,
        "horizontal_flip": False,
        "vertical_flip": False,
    }
    return AugmentationSettings(**{**nothing, **changes})


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (8, 24, 24, 3)).astype(np.float32)


def test_without_any_range_nothing_changes(slices):
    np.testing.assert_allclose(augment(slices, SEED, settings()), slices, atol=1e-3)


def test_the_same_seed_gives_the_same_changes_and_another_does_not(slices):
    ranges = settings(rotation_degrees=20.0, zoom=0.2, horizontal_flip=True)
    once, twice = (augment(slices, SEED, ranges).numpy() for _ in range(2))
    np.testing.assert_array_equal(once, twice)
    other = augment(slices, SEED + 1, ranges).numpy()
    assert not np.allclose(once, other)


def test_a_recorded_drawing_replays_exactly(slices):
    ranges = settings(rotation_degrees=20.0, zoom=0.2, horizontal_flip=True)
    record = draw_affine(8, SEED, ranges).numpy()
    np.testing.assert_array_equal(warp(slices, record), augment(slices, SEED, ranges))


@pytest.mark.parametrize(("flip", "axis"), [("horizontal_flip", 1), ("vertical_flip", 0)])
def test_a_flip_mirrors_some_slices_exactly_and_leaves_the_others(slices, flip, axis):
    changed = augment(slices, SEED, settings(**{flip: True})).numpy()
    is_mirrored = [
        np.allclose(after, np.flip(before, axis), atol=1e-3)
        for before, after in zip(slices, changed, strict=True)
    ]
    is_same = [np.allclose(a, b, atol=1e-3) for a, b in zip(slices, changed, strict=True)]
    assert any(is_mirrored)
    assert any(is_same)
    assert all(a != b for a, b in zip(is_mirrored, is_same, strict=True))


def test_a_quarter_turn_is_exact(slices):
    quarter = np.tile(np.array([[0.0, -1.0], [1.0, 0.0]], np.float32), (8, 1, 1))
    np.testing.assert_allclose(warp(slices, quarter), np.rot90(slices, axes=(1, 2)), atol=1e-2)


def test_rotation_and_zoom_stay_within_their_ranges():
    matrices = draw_affine(500, SEED, settings(rotation_degrees=15.0, zoom=0.1)).numpy()
    scale = np.sqrt(np.linalg.det(matrices))
    angle = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert 1 / 1.1 - 1e-6 <= scale.min() < 0.93
    assert 1.07 < scale.max() <= 1 / 0.9 + 1e-6
    assert -15 <= angle.min() < -13
    assert 13 < angle.max() <= 15


def test_the_range_of_values_is_kept(slices):
    changed = augment(slices, SEED, settings(rotation_degrees=90.0, zoom=0.5)).numpy()
    assert changed.min() >= slices.min() - 1e-3
    assert changed.max() <= slices.max() + 1e-3
