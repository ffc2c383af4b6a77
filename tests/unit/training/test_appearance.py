import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from tumorscope.training.appearance import (
    add_bias_field,
    apply_gaussian,
    blur,
    choose,
    draw_curves,
    find_tissues,
    put,
    reduce_resolution,
    remap_levels,
)

SEED = tf.constant([3, 7], tf.int64)
# Air, five levels of a head, white: levels that 8 bits can hold.
TISSUES = np.array([[10, 40, 70, 90, 130, 200, 255]], np.float32) / 255

CHANGES = {
    "curve": lambda slices, seed: remap_levels(slices, seed, 0.8, 0.5),
    "shading": lambda slices, seed: add_bias_field(slices, seed, 0.4),
    "blur": lambda slices, seed: blur(slices, seed, 6.0),
    "resolution": lambda slices, seed: reduce_resolution(slices, seed, 0.5),
}


def draw_heads(count: int = 8, channels: int = 1) -> np.ndarray:
    """Draw slices of whole levels: disks of random tissue in black air."""
    rows, columns = np.mgrid[:48, :48] - 23.5
    is_head = np.hypot(rows, columns) < 18
    tissue = np.random.default_rng(0).integers(30, 256, (count, 48, 48, 1))
    return np.repeat(tissue * is_head[..., np.newaxis], channels, axis=3).astype(np.float32)


def find_changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (np.abs(after - before) > 1e-3).any(axis=(1, 2, 3))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
class TestEveryChange:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self, change):
        heads = draw_heads()
        once, twice, other = (change(heads, seed).numpy() for seed in (SEED, SEED, SEED + 1))
        np.testing.assert_array_equal(once, twice)
        assert not np.allclose(once, other)

    def test_keeps_the_range_of_values(self, change):
        changed = change(draw_heads(), SEED).numpy()
        assert changed.min() >= 0
        assert changed.max() <= 255 + 1e-3

    def test_keeps_air_black_away_from_the_head(self, change):
        assert not change(draw_heads(), SEED).numpy()[:, :2].any()

    def test_keeps_a_black_slice_black(self, change):
        assert not change(np.zeros((4, 48, 48, 1), np.float32), SEED).numpy().any()

    def test_keeps_gray_gray(self, change):
        changed = change(draw_heads(channels=3), SEED).numpy()
        np.testing.assert_allclose(changed[..., :1], change(draw_heads(), SEED), atol=1e-3)
        np.testing.assert_allclose(changed[..., :2], changed[..., 1:], atol=1e-3)

    def test_does_so_in_a_graph_that_knows_no_number_of_channels(self, change):
        unknown = tf.TensorSpec((None, 48, 48, None), tf.float32)
        graph = tf.function(change, input_signature=[unknown, tf.TensorSpec((2,), tf.int64)])
        heads = draw_heads()
        np.testing.assert_allclose(graph(heads, SEED), change(heads, SEED), atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        lambda slices: remap_levels(slices, SEED, 0.0, 0.0),
        lambda slices: add_bias_field(slices, SEED, 0.0),
        lambda slices: blur(slices, SEED, 0.0),
        lambda slices: reduce_resolution(slices, SEED, 0.0),
    ],
)
def test_a_strength_or_share_of_zero_changes_nothing(change):
    np.testing.assert_allclose(change(draw_heads()), draw_heads(), atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        lambda slices: remap_levels(slices, SEED, 0.0, 1.0),
        lambda slices: reduce_resolution(slices, SEED, 1.0),
    ],
)
def test_a_share_of_one_changes_every_slice(change):
    assert find_changed(draw_heads(), change(draw_heads()).numpy()).all()


def test_a_share_is_that_of_the_rows_drawn():
    rows = choose(10_000, SEED, 0.3).numpy()
    assert len(rows) == pytest.approx(3000, abs=200)
    assert (np.diff(rows) > 0).all()


def test_what_is_put_back_comes_to_its_rows_and_only_there():
    slices = np.zeros((4, 2, 2, 1), np.float32)
    after = put(slices, tf.constant([1, 3], tf.int64), np.ones((2, 2, 2, 1), np.float32)).numpy()
    np.testing.assert_array_equal(after[:, 0, 0, 0], [0, 1, 0, 1])


class TestCurves:
    def test_are_straight_between_the_levels_that_divide_a_slice(self):
        levels = np.arange(256)
        for inversion, start in ((0.0, 0.0), (1.0, TISSUES[0, 0])):
            knots = np.round(255 * np.r_[start, TISSUES[0, 1:]]).astype(int)
            for curve in draw_curves(np.repeat(TISSUES, 5, axis=0), SEED, 0.9, inversion).numpy():
                np.testing.assert_allclose(curve, np.interp(levels, knots, curve[knots]), atol=0.01)

    def test_hold_for_all_pixels_of_a_slice(self):
        heads = draw_heads()
        changed = remap_levels(heads, SEED, 0.8, 0.5).numpy()
        curves = draw_curves(find_tissues(heads), SEED, 0.8, 0.5).numpy()
        for head, after, curve in zip(heads, changed, curves, strict=True):
            np.testing.assert_array_equal(after, curve[head.astype(int)])

    @settings(max_examples=25, deadline=None)
    @given(
        seed=st.integers(0, 2**40),
        strength=st.floats(0, 0.99),
        levels=st.lists(st.integers(1, 254), min_size=6, max_size=6),
    )
    def test_rise_from_black_whatever_is_drawn(self, seed, strength, levels):
        tissues = np.array([[*sorted(levels), 255]], np.float32) / 255
        curve = draw_curves(tissues, tf.constant([0, seed], tf.int64), strength, 0.0).numpy()[0]
        assert curve[0] == 0
        assert (np.diff(curve) >= -1e-3).all()
        assert curve[-1] == pytest.approx(255, abs=0.01)

    @settings(max_examples=25, deadline=None)
    @given(seed=st.integers(0, 2**40))
    def test_that_are_inverted_fall_within_the_head_and_leave_air_black(self, seed):
        curve = draw_curves(TISSUES, tf.constant([0, seed], tf.int64), 0.5, 1.0).numpy()[0]
        assert not curve[:11].any()
        assert curve[40] == pytest.approx(255, abs=0.01)
        assert (np.diff(curve[40:]) <= 1e-3).all()
        assert 0.15 * 255 - 0.01 <= curve[255] <= 0.5 * 255

    def test_are_inverted_in_a_share_of_slices(self):
        curves = draw_curves(np.repeat(TISSUES, 2000, axis=0), SEED, 0.5, 0.3).numpy()
        assert (curves[:, 255] < 200).mean() == pytest.approx(0.3, abs=0.05)

    def test_stray_farther_from_what_is_with_more_strength(self):
        many = np.repeat(TISSUES, 200, axis=0)
        weak, strong = (
            np.abs(draw_curves(many, SEED, strength, 0.0) - np.arange(256)).mean()
            for strength in (0.2, 0.8)
        )
        assert strong == pytest.approx(4 * weak, rel=0.01)  # each is part of the same way


class TestTissues:
    def test_are_quantiles_of_what_is_brighter_than_air(self):
        heads = draw_heads()
        for head, tissues in zip(heads / 255, find_tissues(heads).numpy(), strict=True):
            air = 0.08 * np.quantile(head, 0.98)
            expected = np.quantile(head[head > air], [0.1, 0.3, 0.5, 0.7, 0.9])
            np.testing.assert_allclose(tissues[[0, 6]], [air, 1], atol=0.005)
            np.testing.assert_allclose(tissues[1:6], expected, atol=0.02)

    @pytest.mark.parametrize("level", [0, 3, 255])
    def test_rise_in_a_slice_of_one_level(self, level):
        tissues = find_tissues(np.full((2, 48, 48, 1), level, np.float32)).numpy()
        assert (np.diff(tissues, axis=1) >= 0).all()


class TestShading:
    # Of this side, every eighth pixel is a knot.
    FLAT = np.full((500, 25, 25, 1), 200, np.float32)

    def test_keeps_the_brightest_level(self):
        shaded = add_bias_field(self.FLAT, SEED, 0.3).numpy()
        np.testing.assert_allclose(shaded.max(axis=(1, 2, 3)), 200, rtol=1e-5)

    def test_varies_as_much_as_asked(self):
        knots = np.log(add_bias_field(self.FLAT, SEED, 0.3).numpy()[:, ::8, ::8, 0])
        variance = knots.reshape(500, 16).var(axis=1, ddof=1).mean()
        assert np.sqrt(variance) == pytest.approx(0.3, rel=0.05)

    def test_lies_between_its_knots(self):
        shaded = add_bias_field(self.FLAT, SEED, 0.3).numpy()[..., 0]
        corners = shaded[:, [0, 0, 8, 8], [0, 8, 0, 8]]
        between = shaded[:, :9, :9].reshape(500, -1)
        assert (between.min(axis=1) >= corners.min(axis=1) - 1e-3).all()
        assert (between.max(axis=1) <= corners.max(axis=1) + 1e-3).all()
        np.testing.assert_allclose(shaded[:, 4, 4], corners.mean(axis=1), rtol=1e-5)

    def test_is_one_factor_of_what_is_there(self):
        heads = draw_heads(2)
        heads[1] = heads[0] / 2
        field = add_bias_field(np.full_like(heads, 255), SEED, 0.3).numpy()
        ratio = add_bias_field(heads, SEED, 0.3).numpy() / (heads * field + 1e-9)
        for one, head in zip(ratio, heads, strict=True):
            np.testing.assert_allclose(one[head > 0], one[head > 0][0], rtol=1e-4)


class TestBlur:
    @pytest.mark.parametrize("sigma", [0.4, 1.0, 2.3])
    def test_is_scipys_gaussian(self, sigma):
        heads = draw_heads(3, channels=3)
        expected = gaussian_filter(
            heads, (0, sigma, sigma, 0), mode="reflect", radius=int(np.ceil(3 * sigma))
        )
        blurred = apply_gaussian(heads, tf.fill((3,), sigma))
        np.testing.assert_allclose(blurred, expected, atol=0.01)

    def test_has_a_width_for_each_slice(self):
        heads = np.repeat(draw_heads(1), 3, axis=0)
        blurred = apply_gaussian(heads, tf.constant([0.0, 1.0, 2.0])).numpy()
        np.testing.assert_allclose(blurred[0], heads[0], atol=1e-3)
        assert (np.diff(blurred.std(axis=(1, 2, 3))) < -1).all()

    def test_is_for_every_second_slice_or_so(self):
        heads = np.repeat(draw_heads(1), 200, axis=0)
        is_blurred = find_changed(heads, blur(heads, SEED, 20.0).numpy())
        assert is_blurred.mean() == pytest.approx(0.5, abs=0.15)

    def test_may_be_for_none_of_a_batch(self):
        head = draw_heads(1)
        seeds = [tf.constant([0, number], tf.int64) for number in range(12)]
        changed = [find_changed(head, blur(head, seed, 20.0).numpy())[0] for seed in seeds]
        assert set(changed) == {False, True}

    def test_is_as_wide_in_a_larger_picture_as_its_side_asks(self):
        small = np.zeros((40, 56, 56, 1), np.float32)
        small[:, 28, 28] = 255
        large = np.zeros((40, 112, 112, 1), np.float32)
        large[:, 56, 56] = 255
        peaks = [blur(x, SEED, 10.0).numpy().max(axis=(1, 2, 3)).min() for x in (small, large)]
        assert peaks[0] == pytest.approx(4 * peaks[1], rel=0.1)


class TestResolution:
    def test_takes_what_lies_between_few_pixels(self):
        board = (np.indices((48, 48)).sum(axis=0) % 2 * 255.0)[np.newaxis, ..., np.newaxis]
        reduced = reduce_resolution(board.astype(np.float32), SEED, 1.0).numpy()
        assert reduced.std() < 0.7 * board.std()
        assert reduced.mean() == pytest.approx(board.mean(), rel=0.02)

    def test_keeps_what_is_large(self):
        ramp = np.tile(np.linspace(0, 255, 48, dtype=np.float32)[:, np.newaxis], (2, 1, 48))
        reduced = reduce_resolution(ramp[..., np.newaxis], SEED, 1.0).numpy()[..., 0]
        np.testing.assert_allclose(reduced[:, 3:-3], ramp[:, 3:-3], atol=255 / 48)

    def test_is_for_a_share_of_slices(self):
        heads = np.repeat(draw_heads(1), 300, axis=0)
        is_reduced = find_changed(heads, reduce_resolution(heads, SEED, 0.2).numpy())
        assert is_reduced.mean() == pytest.approx(0.2, abs=0.07)
