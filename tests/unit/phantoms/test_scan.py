import numpy as np
import pytest

from tumorscope.phantoms.contrast import CONTRASTS, render_head
from tumorscope.phantoms.scan import acquire, draw_pose


def test_sizes_are_those_of_scraped_slices(head, generator):
    shapes = [draw_pose(generator, head.outline_hw).from_x_hw.shape for _ in range(60)]
    assert all(180 <= side <= 400 for shape in shapes for side in shape)
    assert len(set(shapes)) > 50
    assert any(height != width for height, width in shapes)


def test_no_pose_crops_the_inside_of_the_skull(head, generator):
    cavity = head.cavity_hw.astype(np.float32)
    for _ in range(60):
        shown = draw_pose(generator, head.outline_hw).resample(cavity)
        border = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
        assert border.max() == 0


def test_resampling_keeps_a_constant_image_constant(head, generator):
    pose = draw_pose(generator, head.outline_hw)
    shown = pose.resample(np.ones((256, 256), dtype=np.float32))
    middle = shown[shown.shape[0] // 4 : -shown.shape[0] // 4]
    assert middle[:, middle.shape[1] // 4 : -middle.shape[1] // 4].min() == pytest.approx(1)


def test_acquired_image_is_8_bit_and_the_signal_stays_unchanged(head, generator):
    signal = render_head(head, CONTRASTS[0], generator)
    before = signal.copy()
    image = acquire(generator, signal)
    assert image.dtype == np.uint8
    assert image.shape == signal.shape
    np.testing.assert_array_equal(signal, before)


def test_brighter_tissue_stays_brighter_on_the_display(generator):
    signal = np.full((200, 200), 0.2, dtype=np.float32)
    signal[:, 100:] = 0.7
    for _ in range(20):
        image = acquire(generator, signal)
        assert image[:, 120:].mean() > image[:, :80].mean() + 30


def test_window_does_not_follow_the_image():
    bright_spot = np.full((200, 200), 0.5, dtype=np.float32)
    plain = bright_spot.copy()
    bright_spot[90:110, 90:110] = 3.0
    images = [acquire(np.random.default_rng(5), signal) for signal in (plain, bright_spot)]
    np.testing.assert_array_equal(images[0][:60], images[1][:60])
