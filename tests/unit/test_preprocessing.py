import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tumorscope.phantoms import draw_phantom
from tumorscope.preprocessing import (
    Box,
    drop_equal_channels,
    find_head,
    prepare_slice,
    shrink,
    stretch_intensity,
    take_gray,
)
from tumorscope.recipe import PreprocessingSettings


def make_settings(side_px: int = 64, crop_to_head: bool = True) -> PreprocessingSettings:
    return PreprocessingSettings(side_px=side_px, crop_to_head=crop_to_head)


def draw_head(
    height: int, width: int, center: tuple[int, int], axes: tuple[int, int]
) -> np.ndarray:
    """A bright ellipse on black; center and axes are x, y."""
    image = np.zeros((height, width, 3), np.uint8)
    cv2.ellipse(image, center, axes, 0, 0, 360, (140, 140, 140), -1)
    return image


random_images = hnp.arrays(np.uint8, st.tuples(st.integers(1, 70), st.integers(1, 70), st.just(3)))


class TestPrepareSlice:
    @pytest.mark.parametrize("hw", [(40, 60), (64, 64), (300, 200), (32, 900)])
    def test_any_size_becomes_the_same_square(self, draw_ramp, hw):
        prepared, _ = prepare_slice(draw_ramp(*hw), make_settings(crop_to_head=False))
        np.testing.assert_allclose(prepared, draw_ramp(64, 64).astype(int), atol=3)
        assert prepared.dtype == np.uint8

    def test_leaves_the_slice_unchanged_and_shares_no_memory(self, phantom_slice):
        before = phantom_slice.copy()
        for crop in (False, True):
            settings_ = make_settings(phantom_slice.shape[0], crop)
            prepared, _ = prepare_slice(phantom_slice, settings_)
            prepared[:] = 7
        np.testing.assert_array_equal(phantom_slice, before)

    def test_without_crop_shows_the_whole_slice(self, phantom_slice):
        prepared, box = prepare_slice(phantom_slice, make_settings(crop_to_head=False))
        assert box == Box(0, 0, *phantom_slice.shape[:2])
        assert abs(float(prepared.mean()) - float(phantom_slice.mean())) < 1

    def test_slice_of_the_right_size_is_not_resampled(self):
        image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
        prepared, _ = prepare_slice(image, make_settings(64, crop_to_head=False))
        np.testing.assert_array_equal(prepared, image)

    def test_prepared_slice_shows_what_the_box_says(self, phantom_slice):
        prepared, box = prepare_slice(phantom_slice, make_settings())
        part = phantom_slice[box.top : box.top + box.height, box.left : box.left + box.width]
        again, _ = prepare_slice(np.ascontiguousarray(part), make_settings(crop_to_head=False))
        np.testing.assert_array_equal(prepared, again)

    def test_a_picture_read_at_half_its_size_becomes_nearly_the_same(self, phantom_slice):
        large = cv2.resize(phantom_slice, (1000, 1000), interpolation=cv2.INTER_CUBIC)
        prepared, _ = prepare_slice(large, make_settings(224))
        reduced, _ = prepare_slice(shrink(large, 2, 2), make_settings(224))
        assert np.abs(prepared.astype(int) - reduced).mean() < 3

    @pytest.mark.parametrize("keep_aspect", [False, True])
    def test_gray_is_prepared_as_any_channel_of_a_colored_picture_is(
        self, phantom_slice, keep_aspect
    ):
        settings_ = PreprocessingSettings(side_px=64, crop_to_head=False, keep_aspect=keep_aspect)
        colored = phantom_slice.copy()
        colored[..., 2] //= 2
        gray, _ = prepare_slice(phantom_slice, settings_)
        prepared, _ = prepare_slice(colored, settings_)
        np.testing.assert_array_equal(prepared[..., :2], gray[..., :2])

    @pytest.mark.slow
    @settings(max_examples=80, deadline=None)
    @given(image=random_images, crop=st.booleans())
    def test_any_image_gives_a_square_and_a_box_inside_it(self, image, crop):
        before = image.copy()
        prepared, box = prepare_slice(image, make_settings(32, crop))
        assert prepared.shape == (32, 32, 3)
        assert 0 <= box.top < box.top + box.height <= image.shape[0]
        assert 0 <= box.left < box.left + box.width <= image.shape[1]
        np.testing.assert_array_equal(image, before)


class TestFindHead:
    def test_finds_a_bright_ellipse_on_black(self):
        image = draw_head(240, 320, center=(180, 100), axes=(70, 80))
        box = find_head(image[..., 0])
        assert box.top == pytest.approx(20, abs=6)
        assert box.left == pytest.approx(110, abs=6)
        assert box.height == pytest.approx(161, abs=10)
        assert box.width == pytest.approx(141, abs=10)

    @pytest.mark.parametrize("index", range(12))
    def test_contains_the_lesion_and_most_of_the_head_of_a_phantom(self, index):
        phantom = draw_phantom(seed=1, index=index, has_tumor=True)
        image = np.repeat(phantom.image_hw[..., np.newaxis], 3, axis=-1)
        top, left, height, width = find_head(image[..., 0])
        rows, columns = np.nonzero(phantom.mask_hw)
        assert top <= rows.min()
        assert rows.max() < top + height
        assert left <= columns.min()
        assert columns.max() < left + width
        rows, columns = np.nonzero(image[..., 0] > 60)
        assert height * width > 0.7 * np.ptp(rows) * np.ptp(columns)

    def test_bright_lesion_does_not_hide_the_head(self):
        image = draw_head(240, 240, center=(120, 120), axes=(80, 90))
        image[image > 0] = 60
        cv2.circle(image, (120, 120), 15, (255, 255, 255), -1)
        box = find_head(image[..., 0])
        assert box.height > 170
        assert box.width > 150

    def test_scalp_around_a_dark_skull_belongs_to_the_head(self):
        image = draw_head(240, 240, center=(120, 120), axes=(70, 80))
        cv2.ellipse(image, (120, 120), (92, 102), 0, 0, 360, (200, 200, 200), 4)
        top, left, height, width = find_head(image[..., 0])
        assert top <= 18
        assert left <= 28
        assert height >= 204
        assert width >= 184

    @pytest.mark.parametrize("factor", [2, 3, 4])
    def test_the_head_is_found_at_the_same_place_in_a_larger_picture(self, phantom_slice, factor):
        gray_hw = take_gray(drop_equal_channels(phantom_slice))
        box = find_head(gray_hw)
        larger = find_head(np.kron(gray_hw, np.ones((factor, factor), np.uint8)))
        assert np.abs(np.divide(larger, factor) - box).max() <= 5

    def test_small_label_beside_the_head_is_left_out(self):
        image = draw_head(240, 320, center=(200, 120), axes=(70, 80))
        image[5:15, 5:40] = 255
        assert find_head(image[..., 0]).left > 100

    @pytest.mark.parametrize(
        "image",
        [
            np.zeros((100, 120, 3), np.uint8),
            np.full((100, 120, 3), 200, np.uint8),
            draw_head(100, 120, center=(60, 50), axes=(8, 8)),
        ],
        ids=["black", "constant", "speck"],
    )
    def test_slice_without_a_head_is_used_whole(self, image):
        assert find_head(image[..., 0]) == Box(0, 0, 100, 120)


class TestKeepAspect:
    SETTINGS = PreprocessingSettings(side_px=64, crop_to_head=False, keep_aspect=True)

    def test_black_is_put_on_the_shorter_sides(self):
        image = np.full((100, 50, 3), 200, np.uint8)
        prepared, box = prepare_slice(image, self.SETTINGS)
        assert box == Box(0, -25, 100, 100)
        assert not prepared[:, :15].any()
        assert not prepared[:, -15:].any()
        assert (prepared[:, 17:47] == 200).all()

    @pytest.mark.slow
    @given(random_images)
    def test_the_box_is_a_square_that_holds_the_slice(self, image):
        prepared, box = prepare_slice(image, self.SETTINGS)
        height, width = image.shape[:2]
        assert prepared.shape == (64, 64, 3)
        assert box.height == box.width == max(height, width)
        assert min(box.top, box.left) <= 0 <= max(box.top, box.left)
        assert box.top + box.height >= height
        assert box.left + box.width >= width


class TestStretchIntensity:
    def test_the_darkest_becomes_black_and_the_brightest_white(self):
        ramp = np.repeat(np.linspace(50, 150, 3000, dtype=np.uint8).reshape(50, 60, 1), 3, axis=-1)
        stretched = stretch_intensity(ramp)
        assert (stretched.min(), stretched.max()) == (0, 255)
        assert (np.diff(stretched[..., 0].ravel().astype(int)) >= 0).all()

    def test_a_slice_of_one_level_stays_as_it_is(self):
        flat = np.full((40, 40, 3), 90, np.uint8)
        np.testing.assert_array_equal(stretch_intensity(flat), flat)


class TestDropEqualChannels:
    def test_three_equal_channels_are_one(self, phantom_slice):
        levels = drop_equal_channels(phantom_slice)
        np.testing.assert_array_equal(levels, phantom_slice[..., 0])
        assert drop_equal_channels(levels) is levels

    @pytest.mark.parametrize("channel", [0, 1, 2])
    def test_one_pixel_in_color_is_noticed(self, phantom_slice, channel):
        colored = phantom_slice.copy()
        colored[3, 5, channel] ^= 1
        assert drop_equal_channels(colored) is colored

    def test_one_channel_is_prepared_as_three_are(self, phantom_slice):
        settings_ = make_settings(64, crop_to_head=True)
        one, three = phantom_slice[..., 0].copy(), phantom_slice
        (prepared, box), (expected, whole) = (prepare_slice(s, settings_) for s in (one, three))
        np.testing.assert_array_equal(prepared, expected)
        assert box == whole


@given(hnp.arrays(np.uint8, (7, 9)))
def test_gray_of_three_equal_channels_is_each_of_them(gray_hw):
    image = np.repeat(gray_hw[..., np.newaxis], 3, axis=-1)
    np.testing.assert_array_equal(take_gray(image), gray_hw)


@pytest.mark.slow
@given(
    hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, min_side=6, max_side=24)),
    st.integers(1, 6),
    st.integers(1, 6),
)
def test_shrinking_averages_blocks_and_cuts_off_the_rest(image, rows, columns):
    small = shrink(image, rows, columns)
    assert small.shape == (image.shape[0] // rows, image.shape[1] // columns)
    block = image[:rows, :columns]
    assert abs(float(small[0, 0]) - float(block.mean())) <= 1
