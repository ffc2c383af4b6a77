import numpy as np
import pytest

from tumorscope.evaluation.decisions.novelty import Subspace
from tumorscope.inference.guard import UNLIKE, Guard, check_pixels
from tumorscope.phantoms import draw_phantom


def make_gray(gray_hw: np.ndarray) -> np.ndarray:
    return np.repeat(gray_hw.astype(np.uint8)[..., np.newaxis], 3, axis=-1)


@pytest.fixture
def guard():
    """Accepts features within 2 of the first axis."""
    axis = np.array([[1], [0], [0]], np.float32)
    return Guard(Subspace(np.zeros(3, np.float32), axis, scale=1.0, limit=4.0))


class TestPixels:
    @pytest.mark.parametrize("index", range(12))
    def test_phantoms_pass_whatever_their_orientation(self, index):
        image = make_gray(draw_phantom(seed=7, index=index, has_tumor=index % 2 == 0).image_hw)
        for turn in range(4):
            assert check_pixels(np.rot90(image, turn)) is None
            assert check_pixels(np.rot90(image[:, ::-1], turn)) is None

    def test_a_faint_cast_passes(self, phantom_slice):
        assert check_pixels((phantom_slice * np.array([1.0, 0.95, 0.92])).astype(np.uint8)) is None

    def test_a_colored_mark_passes(self, phantom_slice):
        marked = phantom_slice.copy()
        marked[10:40, 10:40] = (255, 255, 0)
        assert check_pixels(marked) is None

    @pytest.mark.parametrize("hw", [(1, 1), (1, 2), (2, 1), (50, 60), (2000, 1999)])
    def test_color_is_named_at_any_size_and_the_picture_left_alone(self, hw):
        image = np.random.default_rng(1).integers(0, 256, (*hw, 3), dtype=np.uint8)
        image.flags.writeable = False
        assert "of it is in color" in check_pixels(image)

    @pytest.mark.parametrize("level", [0, 100, 255])
    def test_blank_is_named(self, level):
        image = make_gray(np.full((200, 300), level))
        assert check_pixels(image) == "almost one gray level"

    @pytest.mark.parametrize("paper", [0, 255])
    def test_lines_of_text_are_named(self, paper):
        page = np.full((300, 300), paper)
        page[::7, ::3] = 255 - paper
        assert "two gray levels" in check_pixels(make_gray(page))

    @pytest.mark.parametrize(("hw", "passes"), [((100, 249), True), ((251, 100), False)])
    def test_strip_is_named(self, hw, passes):
        ramp = np.add.outer(np.linspace(0, 120, hw[0]), np.linspace(0, 120, hw[1]))
        reason = check_pixels(make_gray(ramp))
        assert reason is None if passes else reason == "100 x 251 px is no shape of a slice"

    def test_one_channel_is_judged_as_three_equal_ones_are(self, phantom_slice):
        page = np.where(phantom_slice > 60, 255, 0).astype(np.uint8)
        for image in (phantom_slice, page, np.full_like(page, 9)):
            assert check_pixels(image[..., 0].copy()) == check_pixels(image)


class TestAssess:
    def test_each_picture_gets_its_own_answer(self, guard, phantom_slice):
        red = np.zeros((50, 50, 3), np.uint8)
        red[..., 0] = 200
        features = np.array([[9, 1, 1], [9, 2, 1], [0, 0, 0]], np.float32)
        reasons = guard.assess([phantom_slice, phantom_slice, red], features)
        assert reasons == [None, UNLIKE, "100 % of it is in color"]

    def test_no_picture_is_no_answer(self, guard):
        assert guard.assess([], np.empty((0, 3), np.float32)) == []

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_features_that_are_no_numbers_are_never_accepted(self, guard, phantom_slice, value):
        features = np.array([[value, 0, 0]], np.float32)
        assert guard.assess([phantom_slice], features) == [UNLIKE]
