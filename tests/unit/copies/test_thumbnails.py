import numpy as np
import pytest

from tumorscope.copies.thumbnails import (
    FRAME_SIDE_PX,
    FRAMES,
    INDEXED_FRAMES,
    THUMBNAIL_SIDE_PX,
    cut_frames,
    measure_range,
    stretch,
    take_thumbnail,
)


class TestTakeThumbnail:
    @pytest.mark.parametrize(("height", "width"), [(32, 40), (96, 96), (700, 300)])
    def test_any_size_becomes_the_same_square(self, draw_ramp, height, width):
        thumbnail = take_thumbnail(draw_ramp(height, width))
        expected = draw_ramp(THUMBNAIL_SIDE_PX, THUMBNAIL_SIDE_PX)[..., 0]
        np.testing.assert_allclose(thumbnail, expected.astype(int), atol=3)
        assert thumbnail.dtype == np.uint8

    def test_does_not_depend_on_the_resolution(self, pictures):
        large = np.repeat(np.repeat(pictures[0], 3, axis=0), 3, axis=1)
        difference = take_thumbnail(large).astype(int) - take_thumbnail(pictures[0])
        assert np.abs(difference).mean() < 1


class TestStretch:
    def test_brightness_and_contrast_do_not_count(self, pictures):
        thumbnail = take_thumbnail(pictures[1])
        darker = (thumbnail * 0.6 + 30).astype(np.uint8)
        assert np.abs(stretch(darker).astype(int) - stretch(thumbnail)).max() <= 5

    def test_uses_the_full_range(self, pictures):
        low, high = measure_range(stretch(take_thumbnail(pictures[2])))
        assert (round(low), round(high)) == (0, 255)

    def test_uniform_gray_stays_uniform(self):
        assert np.ptp(stretch(np.full((96, 96), 77, np.uint8))) == 0


class TestCutFrames:
    def test_frames_have_one_size(self, pictures):
        frames = cut_frames(take_thumbnail(pictures[0]))
        assert frames.shape == (len(FRAMES), FRAME_SIDE_PX, FRAME_SIDE_PX)
        assert [part for part, inset in FRAMES[:INDEXED_FRAMES]] == ["whole", "head"]

    def test_head_frame_ignores_a_black_border(self):
        image = np.zeros((200, 200, 3), np.uint8)
        inside = np.random.default_rng(0).integers(120, 255, (20, 16), dtype=np.uint8)
        image[40:160, 60:156] = np.kron(inside, np.ones((6, 6), np.uint8))[..., np.newaxis]
        bordered = np.pad(image, ((40, 10), (20, 60), (0, 0)))
        frames = [cut_frames(take_thumbnail(each)) for each in (image, bordered)]
        whole, head = (
            np.corrcoef(*(each[number].ravel() for each in frames))[0, 1] for number in (0, 1)
        )
        assert head > whole + 0.2
        assert head > 0.8

    def test_whole_frame_shows_the_whole_without_a_shift(self):
        ramp = np.tile(np.linspace(0, 255, 96), (96, 1)).astype(np.uint8)
        whole = cut_frames(ramp)[0].astype(float)
        np.testing.assert_allclose(whole + whole[:, ::-1], 255, atol=6)
