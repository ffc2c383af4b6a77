import numpy as np
import pytest
import tensorflow as tf

from tumorscope.recipe import AugmentationSettings, load_recipe
from tumorscope.training.warps import draw_affine, warp

SEED = tf.constant([3, 7], tf.int64)
NOTHING = {"rotation_degrees": 0, "zoom": 0, "horizontal_flip": False, "vertical_flip": False}


def settings(**changes) -> AugmentationSettings:
    default = load_recipe("default").augmentation
    return default.model_copy(update={**NOTHING, "shift": 0, **changes})


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (8, 24, 24, 3)).astype(np.float32)


def test_a_quarter_turn_is_exact(slices):
    quarter = np.tile(np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0]], np.float32), (8, 1, 1))
    np.testing.assert_allclose(warp(slices, quarter), np.rot90(slices, axes=(1, 2)), atol=1e-2)


def test_rotation_and_zoom_stay_within_their_ranges():
    shape = tf.constant([500, 24, 24, 3])
    matrices = draw_affine(shape, SEED, settings(rotation_degrees=15.0, zoom=0.1)).numpy()
    scale = np.sqrt(np.linalg.det(matrices[:, :, :2]))
    angle = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert 1 / 1.1 - 1e-6 <= scale.min() < 0.93
    assert 1.07 < scale.max() <= 1 / 0.9 + 1e-6
    assert -15 <= angle.min() < -13
    assert 13 < angle.max() <= 15


def test_a_shift_moves_a_slice_by_at_most_its_share():
    shape = tf.constant([500, 40, 80, 3])
    shifts = draw_affine(shape, SEED, settings(shift=0.1)).numpy()[:, :, 2]
    assert 7.5 < np.abs(shifts[:, 0]).max() <= 8
    assert 3.75 < np.abs(shifts[:, 1]).max() <= 4


def test_a_whole_shift_moves_pixels_and_fills_with_black(slices):
    one_right = np.tile(np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0]], np.float32), (8, 1, 1))
    moved = warp(slices, one_right, "CONSTANT").numpy()
    np.testing.assert_allclose(moved[:, :, 1:], slices[:, :, :-1], atol=1e-3)
    assert not moved[:, :, 0].any()
