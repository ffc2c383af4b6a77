import numpy as np
import pytest

from tumorscope.explanation.perturbation import (
    average_flips,
    measure_area,
    occlude,
    score_cam,
    to_logit,
    trace_faithfulness,
)


def answer(slices):
    """Say how much of one bright quarter is there."""
    return (slices[:, :28, 28:].mean(axis=(1, 2, 3)) / 255).astype(np.float32)


def draw_slice():
    prepared = np.zeros((56, 56, 3), np.uint8)
    prepared[:28, 28:] = 250
    return prepared


def test_occlusion_points_at_what_the_answer_depends_on():
    prepared = draw_slice()
    before = prepared.copy()
    (cam_hw,) = occlude(prepared[np.newaxis], answer, cells=8)
    assert cam_hw.shape == (8, 8)
    assert cam_hw[:4, 4:].min() > 0
    assert np.abs(cam_hw[5:, :3]).max() == 0
    assert (prepared == before).all()


def test_right_map_inserts_fast_and_deletes_fast_and_its_reverse_slowly():
    right = np.zeros((8, 8), np.float32)
    right[:4, 4:] = 1
    insertion, deletion = trace_faithfulness(draw_slice(), right, answer)
    slow_insertion, slow_deletion = trace_faithfulness(draw_slice(), -right, answer)
    assert len(insertion) == len(deletion) == 21
    assert insertion.mean() > slow_insertion.mean() + 0.3
    assert deletion.mean() < slow_deletion.mean() - 0.3
    np.testing.assert_allclose(insertion[[0, -1]], deletion[[-1, 0]])


def test_equal_positions_go_in_no_order_and_area_is_that_of_chance():
    for flat in (np.zeros((7, 7), np.float32), np.full((7, 7), 0.7, np.float32)):
        for curve in trace_faithfulness(draw_slice(), flat, answer):
            straight = np.linspace(curve[0], curve[-1], len(curve))
            np.testing.assert_allclose(curve, straight, atol=0.03)
            assert measure_area(curve) == pytest.approx((curve[0] + curve[-1]) / 2, abs=0.02)


def test_area_of_a_step_is_where_it_rises():
    assert measure_area(np.array([0, 0, 1, 1, 1], np.float32)) == pytest.approx(0.625)


class TestScoreCam:
    def draw_channels(self):
        """Three channels: on the bright quarter, on another one, and nearly even."""
        activations = np.full((1, 8, 8, 3), 0.5, np.float32)
        activations[0, ..., 0] = activations[0, ..., 1] = 0
        activations[0, :4, 4:, 0] = activations[0, 4:, :4, 1] = 4
        activations[0, 7, 7, 2] = 0.6
        return activations

    def test_points_at_the_channel_that_the_answer_depends_on(self):
        slices, activations = draw_slice()[np.newaxis], self.draw_channels()
        before = slices.copy(), activations.copy()
        cam_hw = score_cam(slices, activations, answer, channels=2)[0]
        assert cam_hw.shape == (8, 8)
        assert cam_hw[:4, 4:].min() > 100 * cam_hw[4:, :4].max()
        assert (slices == before[0]).all()
        assert (activations == before[1]).all()

    def test_asks_once_for_each_of_the_channels_that_vary_most(self):
        asked = []

        def count(slices):
            asked.append(len(slices))
            return answer(slices)

        kept = score_cam(draw_slice()[np.newaxis], self.draw_channels(), count, channels=2)
        alone = score_cam(draw_slice()[np.newaxis], self.draw_channels()[..., :2], count)
        np.testing.assert_array_equal(kept, alone)
        assert asked == [2, 2]

    def test_channels_that_are_the_same_everywhere_give_a_flat_map(self):
        even = np.ones((1, 8, 8, 4), np.float32)
        cam_hw = score_cam(draw_slice()[np.newaxis], even, answer)[0]
        np.testing.assert_allclose(cam_hw, 1, rtol=1e-6)


def test_flips_are_turned_back_before_they_are_averaged():
    slices = draw_slice()[np.newaxis]

    def explain(given):
        return given.mean(axis=-1, dtype=np.float32)

    np.testing.assert_array_equal(average_flips(explain, slices), explain(slices))


def test_logit_is_finite_at_the_ends():
    assert np.isfinite(to_logit(np.array([0, 1], np.float32))).all()
    assert to_logit(np.array([0.5], np.float32)) == 0
