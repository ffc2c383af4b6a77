import numpy as np
import pytest

from tumorscope.explanation.mosaic import draw_mosaic
from tumorscope.explanation.panel import Explanation
from tumorscope.preprocessing import Box

ONE = Explanation(
    "a",
    np.zeros((32, 32, 3), np.uint8),
    Box(0, 0, 32, 32),
    np.ones((2, 2), np.float32),
    0.5,
    "tumor",
)


def draw(name="study/series 3", conclusion="tumor, 0.9", count=5):
    return draw_mosaic(name, [(ONE, str(index)) for index in range(count)], 1.0, conclusion)


def test_the_series_and_what_is_said_of_it_stand_at_the_foot():
    mosaic = draw()
    for other in (draw(name="study/series 4"), draw(conclusion="no tumor, 0.1")):
        different = (np.asarray(mosaic) != np.asarray(other)).any(axis=(1, 2))
        assert different.any()
        assert different.argmax() >= mosaic.height - 40


def test_a_note_has_a_line_of_its_own():
    plain, noted = (
        draw_mosaic("a", [(ONE, "0")], 1.0, "tumor, 0.9", notes) for notes in ([], ["1 is missing"])
    )
    assert noted.height > plain.height
    assert (np.asarray(noted)[: plain.height - 20] == np.asarray(plain)[:-20]).all()
    assert (np.asarray(noted)[-20:] == np.asarray(plain)[-20:]).all()


@pytest.mark.parametrize("name", ["\udcff", "\u8133 \N{SNOWMAN}", "\n\t", "n" * 500])
def test_any_name_is_drawn_in_a_line(name):
    foot, nameless = (np.asarray(draw(one))[-40:] for one in (name, ""))
    assert (foot[:20] != nameless[:20]).any()
    assert (foot[20:] == nameless[20:]).all()


@pytest.mark.slow
def test_of_many_slices_some_are_left_out():
    assert draw(count=801).height < 3 * draw(count=267).height
