import numpy as np
import pytest
import tensorflow as tf

from tumorscope.recipe import AugmentationSettings
from tumorscope.training.augmentation import (
    augment,
    change_levels,
    draw_levels,
    erase,
    mix,
)
from tumorscope.training.warps import draw_affine, warp

SEED = tf.constant([3, 7], tf.int64)


def settings(**changes) -> AugmentationSettings:
    nothing = {
        "rotation_degrees": 0.0,
        "zoom": 0.0,
        "shift": 0.0,
        "horizontal_flip": False,
        "vertical_flip": False,
        "outside": "nearest",
        "brightness": 0.0,
        "contrast": 0.0,
        "gamma": 0.0,
        "noise": 0.0,
        "erasing": 0.0,
        "mixup": 0.0,
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
    record = draw_affine(tf.shape(slices), SEED, ranges).numpy()
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


def test_the_range_of_values_is_kept(slices):
    everything = settings(
        rotation_degrees=90.0, zoom=0.5, shift=0.3, brightness=0.5, contrast=0.9, gamma=0.9,
        noise=0.3, erasing=0.5,
    )  # fmt: skip
    changed = augment(slices, SEED, everything).numpy()
    assert changed.min() >= 0
    assert changed.max() <= 255


LOOKS = {
    "remap": 0.5,
    "inversion": 0.5,
    "bias_field": 0.3,
    "blur": 10.0,
    "low_resolution": 0.5,
    "stripping": 0.5,
    "field_of_view": 0.5,
}


@pytest.mark.parametrize("name", LOOKS)
def test_each_change_of_the_look_is_made_where_its_setting_asks(slices, name):
    many = np.tile(slices, (4, 1, 1, 1))
    changed = augment(many, SEED, settings(**{name: LOOKS[name]})).numpy()
    assert not np.allclose(changed, many, atol=1)


def test_all_changes_of_the_look_together_keep_the_range_and_replay(slices):
    everything = settings(**LOOKS, rotation_degrees=20.0, contrast=0.2, noise=0.03)
    once, twice = (augment(slices, SEED, everything).numpy() for _ in range(2))
    np.testing.assert_array_equal(once, twice)
    assert once.min() >= 0
    assert once.max() <= 255


def test_lesions_are_seen_after_a_skull_and_a_side_were_lost(slices):
    masks = np.zeros((8, 24, 24, 1), np.float32)
    masks[:, 2:6, 10:14] = 255
    losses = settings(stripping=1.0, field_of_view=1.0)
    is_lesion = (masks > 0).repeat(3, axis=3)
    kept = augment(slices, SEED, losses, masks).numpy()
    np.testing.assert_allclose(kept[is_lesion], slices[is_lesion], atol=1e-3)
    lost = augment(slices, SEED, losses).numpy()
    assert not np.allclose(lost[is_lesion], slices[is_lesion], atol=1)


def test_a_warp_keeps_the_range_of_values(slices):
    changed = augment(slices, SEED, settings(rotation_degrees=90.0, zoom=0.5)).numpy()
    assert changed.min() >= slices.min() - 1e-3
    assert changed.max() <= slices.max() + 1e-3


def test_levels_of_one_one_and_zero_change_nothing(slices):
    ones, zeros = tf.ones(8), tf.zeros(8)
    np.testing.assert_allclose(change_levels(slices, ones, ones, zeros), slices, atol=1e-3)


def test_levels_without_an_exponent_are_those_of_one(slices):
    contrast, offset = tf.fill((8,), 1.2), tf.fill((8,), 9.0)
    plain, powered = (
        change_levels(slices, gamma, contrast, offset) for gamma in (None, tf.ones(8))
    )
    np.testing.assert_allclose(plain, powered, atol=1e-3)


def test_levels_stay_within_their_ranges():
    gamma, contrast, brightness = draw_levels(
        500, SEED, settings(gamma=0.3, contrast=0.2, brightness=0.1)
    )
    for drawn, low, high in (
        (gamma, np.exp(-0.3), np.exp(0.3)),
        (contrast, 0.8, 1.2),
        (brightness, -25.5, 25.5),
    ):
        assert low <= drawn.numpy().min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < drawn.numpy().max() <= high


def test_gray_stays_gray():
    gray = np.repeat(np.random.default_rng(1).uniform(0, 255, (4, 24, 24, 1)), 3, axis=-1)
    ranges = settings(gamma=0.5, contrast=0.5, brightness=0.2, noise=0.2, erasing=0.5)
    changed = augment(gray.astype(np.float32), SEED, ranges).numpy()
    np.testing.assert_array_equal(changed[..., 0], changed[..., 1])
    np.testing.assert_array_equal(changed[..., 0], changed[..., 2])


def test_a_hole_holds_the_mean_and_nothing_else_changes(slices):
    center_of_half_the_side = tf.constant([[0.5, 0.5, 0.25]] * 8)
    changed = erase(slices, center_of_half_the_side).numpy()
    is_hole = np.zeros((24, 24), bool)
    is_hole[6:18, 6:18] = True
    means = slices.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(
        changed[:, is_hole], np.broadcast_to(means[:, None, None], (8, 144, 3)), rtol=1e-5
    )
    np.testing.assert_array_equal(changed[:, ~is_hole], slices[:, ~is_hole])


def test_a_mixture_holds_more_of_the_slice_than_of_the_other_and_labels_follow():
    slices = tf.reshape(tf.range(6, dtype=tf.float32), (6, 1, 1, 1)) * tf.ones((6, 4, 4, 1))
    labels = tf.constant([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])
    mixed, mixed_labels = (x.numpy() for x in mix(slices, labels, SEED, 0.4))
    share = np.abs(mixed[:, 0, 0, 0] - np.arange(5, -1, -1)) / np.abs(np.arange(5, -6, -2))
    assert (share >= 0.5).all()
    assert len(set(share.round(5))) > 1
    np.testing.assert_allclose(
        np.where(labels[:, 0] == 1, share, 1 - share), mixed_labels[:, 0], atol=1e-6
    )
    np.testing.assert_array_equal(mixed, np.broadcast_to(mixed[:, :1, :1], mixed.shape))
