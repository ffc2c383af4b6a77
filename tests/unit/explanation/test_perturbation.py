import numpy as np

from tumorscope.explanation.perturbation import (
    average_flips,
    occlude,
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


def test_flips_are_turned_back_before_they_are_averaged():
    slices = draw_slice()[np.newaxis]

    def explain(given):
        return given.mean(axis=-1, dtype=np.float32)

    np.testing.assert_array_equal(average_flips(explain, slices), explain(slices))


def test_logit_is_finite_at_the_ends():
    assert np.isfinite(to_logit(np.array([0, 1], np.float32))).all()
    assert to_logit(np.array([0.5], np.float32)) == 0
