from dataclasses import replace

import numpy as np
import pytest
from PIL import ImageDraw

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
        assert different.argmax() >= mosaic.height - 72


def test_a_note_has_a_line_of_its_own():
    plain, noted = (
        draw_mosaic("a", [(ONE, "0")], 1.0, "tumor, 0.9", notes) for notes in ([], ["1 is missing"])
    )
    assert noted.height > plain.height
    assert (np.asarray(noted)[: plain.height - 52] == np.asarray(plain)[:-52]).all()
    assert (np.asarray(noted)[-52:] == np.asarray(plain)[-52:]).all()


@pytest.mark.parametrize("name", ["\udcff", "\u8133 \N{SNOWMAN}", "\n\t", "n" * 500])
def test_any_name_is_drawn_in_a_line(name):
    foot, nameless = (np.asarray(draw(one))[-72:] for one in (name, ""))
    assert (foot[:20] != nameless[:20]).any()
    assert (foot[20:] == nameless[20:]).all()


@pytest.mark.slow
def test_of_many_slices_some_are_left_out():
    assert draw(count=801).height < 3 * draw(count=267).height


def test_slices_that_are_left_out_are_counted(texts, monkeypatch):
    monkeypatch.setattr("tumorscope.explanation.mosaic._MOST_TILES", 4)
    draw(count=7)
    assert "4 of 7 slices drawn" in texts


@pytest.fixture
def texts(monkeypatch) -> list[str]:
    """The texts that are drawn."""
    drawn: list[str] = []
    draw_text = ImageDraw.ImageDraw.text

    def record(self, place, text, *arguments):
        drawn.append(text)
        draw_text(self, place, text, *arguments)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record)
    return drawn


REFUSED = replace(ONE, image=np.full((32, 32, 3), 200, np.uint8), reason="little brain")


def test_what_is_not_assessed_is_dimmed_and_counted(texts):
    slices = [(REFUSED, "0"), (replace(REFUSED, reason=None, cam=-ONE.cam), "1")]
    mosaic = np.asarray(draw_mosaic("a", slices, 1.0, "tumor, 0.9"))
    assert mosaic[64, 64].tolist() == [80] * 3
    assert mosaic[64, 128 + 64].tolist() == [200] * 3
    assert "2 of 2 slices drawn; dimmed: 1 not assessed" in texts


def test_legend_says_what_the_colors_mean_and_only_where_there_are_any(texts):
    plain = draw(count=1)
    assert "1  evidence for a tumor, logit per position" in texts
    assert "1 of 1 slices drawn" in texts
    texts.clear()
    bare = draw_mosaic("study/series 3", [(REFUSED, "0")], 1.0, "tumor, 0.9")
    assert not any("evidence" in text for text in texts)
    assert bare.height < plain.height
    draw_mosaic("a", [(replace(ONE, heatmap="lesion map"), "0")], 1.0, "tumor, 0.9")
    assert "1  probability of a lesion" in texts


def test_long_conclusion_is_wrapped_not_cut(texts):
    conclusion = "not assessable, " + "fewer than half of the slices with brain can be assessed" * 2
    draw(conclusion=conclusion)
    foot = " ".join(text for text in texts if not text.endswith(" tumor"))
    assert conclusion in foot
