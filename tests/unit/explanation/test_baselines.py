import numpy as np

from tumorscope.explanation.baselines import blur_brightness, draw_center, draw_random


def test_center_peaks_in_the_middle():
    cam_hw = draw_center(np.zeros((2, 33, 33, 3), np.uint8))[1]
    assert np.unravel_index(cam_hw.argmax(), cam_hw.shape) == (16, 16)
    np.testing.assert_allclose(cam_hw, cam_hw[::-1, ::-1])


def test_brightness_peaks_where_the_slice_is_bright():
    slices = np.zeros((1, 64, 64, 3), np.uint8)
    slices[0, 10:20, 40:50] = 200
    cam_hw = blur_brightness(slices)[0]
    row, column = np.unravel_index(cam_hw.argmax(), cam_hw.shape)
    assert 12 <= row <= 17
    assert 42 <= column <= 47


def test_noise_is_the_slices_own():
    slices = np.stack([np.full((32, 32, 3), level, np.uint8) for level in (1, 2, 1)])
    first, second, again = draw_random(slices)
    assert (first == again).all()
    assert (first != second).any()
