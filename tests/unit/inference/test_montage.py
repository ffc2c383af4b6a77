import cv2
import numpy as np
import pytest

from tumorscope.inference.guard import SEVERAL, check_pixels
from tumorscope.inference.montage import shows_several_heads
from tumorscope.phantoms import draw_phantom


@pytest.fixture(scope="module")
def heads():
    """Sixteen phantoms, four of them different, half of them with a tumor, each (160, 160)."""
    drawn = (draw_phantom(11, index, has_tumor=index % 2 == 0).image_hw for index in range(4))
    return 4 * [np.pad(cv2.resize(gray_hw, (144, 144)), 8).astype(np.uint8) for gray_hw in drawn]


def lay_out(panels, rows, columns, gap=0, gray=0):
    """Put panels into one picture, with lines of a gray between them."""
    height, width = panels[0].shape
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), gray, np.uint8)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        top, left = row * (height + gap), column * (width + gap)
        sheet[top : top + height, left : left + width] = panels[number]
    return sheet


class TestSeveral:
    @pytest.mark.parametrize("layout", [(1, 2), (2, 1), (2, 2), (3, 3), (4, 4)])
    @pytest.mark.parametrize(("gap", "gray"), [(0, 0), (6, 0), (6, 255)])
    def test_slices_in_one_picture_are_refused_with_what_to_do(self, heads, layout, gap, gray):
        sheet = lay_out(heads, *layout, gap, gray)
        assert check_pixels(sheet) == SEVERAL == check_pixels(np.dstack([sheet] * 3))
        assert "cut it into single slices" in SEVERAL

    def test_a_smaller_head_beside_another_counts(self, heads):
        pair = lay_out(heads, 1, 2)
        small = heads[1][::2, ::2]
        pair[:, 160:] = 0
        pair[40:120, 200:280] = small
        assert not shows_several_heads(pair)  # a quarter of the area: any detached piece may be so
        pair[:, 160:] = 0
        pair[20:140, 180:300] = heads[1][::4, ::4].repeat(3, 0).repeat(3, 1)
        assert shows_several_heads(pair)

    def test_picture_is_left_alone(self, heads):
        sheet = lay_out(heads, 2, 2, 6, 255)
        before = sheet.copy()
        sheet.flags.writeable = False
        shows_several_heads(sheet)
        np.testing.assert_array_equal(sheet, before)


class TestOne:
    def test_single_slices_pass(self, heads):
        assert not any(map(shows_several_heads, heads))

    def test_a_head_between_white_margins_passes(self, heads):
        framed = np.full((160, 280), 255, np.uint8)
        framed[:, 60:220] = heads[0]
        assert not shows_several_heads(framed)

    def test_shoulders_below_a_head_pass(self, heads):
        tall = np.vstack([heads[0], np.zeros((60, 160), np.uint8)])
        tall[175:] = 200
        assert not shows_several_heads(tall)

    def test_text_scale_bar_and_a_piece_of_scalp_beside_a_head_pass(self, heads):
        wide = np.hstack([heads[0], np.zeros((160, 60), np.uint8)])
        wide[20:140, 210:214] = 255  # a scale bar
        wide[10:18:2, 170:200:3] = 255  # text
        wide[60:100, 170:180] = 180  # a piece of scalp
        assert not shows_several_heads(wide)

    def test_two_small_spots_on_black_are_no_heads(self):
        spots = np.zeros((160, 160), np.uint8)
        rows, columns = np.mgrid[:160, :160]
        for column in (50, 100):
            spots[(rows - 80) ** 2 + (columns - column) ** 2 < 10**2] = 200
        assert not shows_several_heads(spots)
