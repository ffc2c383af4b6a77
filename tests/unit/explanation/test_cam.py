import numpy as np
import pytest

from tumorscope.explanation import cam


@pytest.fixture
def layer():
    generator = np.random.default_rng(0)
    activations = generator.random((2, 4, 4, 6), np.float32)
    return activations, generator.normal(size=(2, 4, 4, 6)).astype(np.float32)


def test_grad_cam_and_hires_cam_agree_where_gradients_are_the_same_everywhere(layer):
    activations, gradients = layer
    even = np.broadcast_to(gradients[:, :1, :1], gradients.shape)
    np.testing.assert_allclose(
        cam.grad_cam(activations, even), cam.hires_cam(activations, even), rtol=1e-4, atol=1e-5
    )


def test_layer_cam_counts_rising_gradients_only(layer):
    activations, gradients = layer
    assert cam.layer_cam(activations, -np.abs(gradients)).max() == 0
    np.testing.assert_allclose(
        cam.layer_cam(activations, np.abs(gradients)),
        cam.hires_cam(activations, np.abs(gradients)),
        rtol=1e-5,
    )


def test_grad_cam_plus_plus_of_one_active_position_is_there(layer):
    activations = np.zeros((1, 4, 4, 1), np.float32)
    activations[0, 1, 2, 0] = 3
    cam_hw = cam.grad_cam_plus_plus(activations, np.ones_like(activations))[0]
    assert np.count_nonzero(cam_hw) == 1
    assert cam_hw[1, 2] > 0


def test_grad_cam_plus_plus_is_the_formula_of_the_paper(layer):
    activations, gradients = (one.astype(np.float64) for one in layer)
    sums = activations.sum(axis=(1, 2), keepdims=True)
    alpha = gradients**2 / (2 * gradients**2 + sums * gradients**3)  # equation 19
    weights = (alpha * np.maximum(gradients, 0)).sum(axis=(1, 2))
    expected = (activations * weights[:, np.newaxis, np.newaxis]).sum(axis=-1)
    np.testing.assert_allclose(cam.grad_cam_plus_plus(*layer), expected, rtol=1e-3, atol=1e-4)


def test_grad_cam_plus_plus_of_faint_gradients_is_not_lost(layer):
    activations, gradients = layer
    faint = cam.grad_cam_plus_plus(activations, gradients * np.float32(1e-9))
    assert faint.max() > 0


def test_eigen_cam_finds_the_pattern_that_most_channels_share():
    pattern = np.zeros((4, 4), np.float32)
    pattern[2, 1] = 1
    activations = np.stack([pattern * weight for weight in (1, 2, 3)], axis=-1)[np.newaxis]
    np.testing.assert_allclose(cam.eigen_cam(activations)[0] / pattern.max(), pattern * 14**0.5,
                               atol=1e-5)  # fmt: skip


def test_fused_map_has_the_size_of_the_largest_and_equal_shares():
    coarse, fine = np.zeros((1, 2, 2), np.float32), np.zeros((1, 4, 4), np.float32)
    coarse[0, 0, 0], fine[0, 3, 3] = 10, 0.1
    fused = cam.fuse([coarse, fine])
    assert fused.shape == (1, 4, 4)
    assert fused[0, 0, 0] == pytest.approx(0.5)
    assert fused[0, 3, 3] == pytest.approx(0.5)
