import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorscope.training.stripping import cut_field, find_brain, strip_skull

SEED = tf.constant([3, 7], tf.int64)
SIDE = 112
SCALP, BONE, BRAIN = 200, 15, 120
OUTER, UNDER_SCALP, UNDER_BONE = 48, 44, 40  # radii, px
RADIUS = np.hypot(*(np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2))


def draw_heads(count: int = 6, channels: int = 1) -> np.ndarray:
    """Draw round heads: scalp, dark bone below it, brain."""
    head = np.select(
        [RADIUS < UNDER_BONE, RADIUS < UNDER_SCALP, RADIUS < OUTER], [BRAIN, BONE, SCALP], 0
    )
    return np.tile(head[np.newaxis, ..., np.newaxis], (count, 1, 1, channels)).astype(np.float32)


def find_changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=(1, 2, 3))


class TestStripping:
    def test_takes_the_scalp_and_keeps_the_brain(self):
        stripped = strip_skull(draw_heads(40), SEED, 1.0).numpy()[..., 0]
        scalp = (RADIUS >= UNDER_SCALP) & (RADIUS < OUTER)
        assert (stripped[:, scalp] == 0).mean() > 0.97
        np.testing.assert_array_equal(stripped[:, RADIUS < 0.75 * UNDER_BONE], BRAIN)
        assert (stripped[:, RADIUS < UNDER_BONE] > 0).mean() > 0.9

    def test_finds_bone_wherever_the_head_lies(self):
        moved = np.roll(draw_heads(), (6, -5), axis=(1, 2))
        kept, kept_there = find_brain(draw_heads(), SEED), find_brain(moved, SEED)
        overlap = np.minimum(np.roll(kept, (6, -5), axis=(1, 2)), kept_there).sum()
        assert overlap > 0.95 * kept_there.numpy().sum()

    def test_takes_more_on_one_side_and_differs_by_slice(self):
        kept = find_brain(draw_heads(40), SEED).numpy()
        areas = kept.sum(axis=(1, 2, 3))
        assert areas.max() > 1.05 * areas.min()
        halves = kept[:, : SIDE // 2].sum(axis=(1, 2, 3)) / areas
        assert halves.max() > 0.505
        assert halves.min() < 0.495

    def test_keeps_lesions_whatever_they_lie_on(self):
        masks = np.zeros((6, SIDE, SIDE, 1), np.float32)
        masks[:, 50:60, SIDE // 2 + 40 : SIDE // 2 + 48] = 255
        stripped = strip_skull(draw_heads(), SEED, 1.0, masks).numpy()
        is_lesion = masks > 0
        np.testing.assert_array_equal(stripped[is_lesion], draw_heads()[is_lesion])

    def test_leaves_a_brain_without_a_skull_mostly_as_it_is(self):
        brains = np.where(RADIUS[..., np.newaxis] < OUTER, BRAIN, 0) * np.ones((6, 1, 1, 1))
        stripped = strip_skull(brains.astype(np.float32), SEED, 1.0).numpy()
        assert stripped.sum() > 0.6 * brains.sum()

    @pytest.mark.parametrize("level", [0, 255])
    def test_bears_slices_without_a_head(self, level):
        blank = np.full((3, SIDE, SIDE, 1), level, np.float32)
        stripped = strip_skull(blank, SEED, 1.0).numpy()
        assert np.isfinite(stripped).all()
        assert (stripped <= blank).all()


class TestField:
    def test_loses_a_band_on_one_side_which_is_any_and_no_more_than_three_tenths(self):
        white = np.full((200, 40, 60, 1), 255, np.float32)
        lost = cut_field(white, SEED, 1.0).numpy()[..., 0] == 0
        sides = set()
        for slice_ in lost:
            rows, columns = slice_.all(axis=1), slice_.all(axis=0)
            np.testing.assert_array_equal(slice_, rows[:, np.newaxis] | columns)
            assert not (rows.any() and columns.any())
            band = rows if rows.any() else columns
            assert 0 < band.mean() <= 0.3
            assert np.abs(np.diff(band.astype(int))).sum() <= 1  # it lies at a border
            sides.add((len(band), bool(band[0])))
        assert sides == {(40, True), (40, False), (60, True), (60, False)}

    @settings(max_examples=30, deadline=None)
    @given(
        seed=st.integers(0, 2**40),
        row=st.integers(0, 39),
        column=st.integers(0, 59),
        size=st.integers(1, 20),
    )
    def test_never_cuts_a_lesion(self, seed, row, column, size):
        white = np.full((8, 40, 60, 1), 255, np.float32)
        masks = np.zeros_like(white)
        masks[:, row : row + size, column : column + size] = 1
        cut = cut_field(white, tf.constant([1, seed], tf.int64), 1.0, masks).numpy()
        assert (cut[masks > 0] == 255).all()

    def test_masks_that_are_empty_change_nothing(self):
        heads = draw_heads()
        without, with_empty = (
            cut_field(heads, SEED, 1.0, masks) for masks in (None, np.zeros_like(heads))
        )
        np.testing.assert_array_equal(without, with_empty)


@pytest.mark.parametrize("change", [strip_skull, cut_field])
class TestBoth:
    def test_the_same_seed_gives_the_same_and_another_does_not(self, change):
        once, twice, other = (change(draw_heads(), seed, 1.0) for seed in (SEED, SEED, SEED + 1))
        np.testing.assert_array_equal(once, twice)
        assert not np.allclose(once, other)

    def test_nothing_becomes_brighter(self, change):
        assert (change(draw_heads(), SEED, 1.0).numpy() <= draw_heads()).all()

    def test_is_for_a_share_of_slices(self, change):
        heads = draw_heads(200)[:, 8:-8, 8:-8]  # no air that a band could take unseen
        shares = [
            find_changed(heads, change(heads, SEED, share).numpy()).mean()
            for share in (0.0, 0.3, 1.0)
        ]
        assert (shares[0], shares[2]) == (0, 1)
        assert shares[1] == pytest.approx(0.3, abs=0.12)

    def test_gray_stays_gray(self, change):
        changed = change(draw_heads(channels=3), SEED, 1.0).numpy()
        np.testing.assert_array_equal(changed[..., :2], changed[..., 1:])
