from dataclasses import replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageDraw

from tumorscope.explanation.panel import Explanation, draw_contact_sheet, draw_overlay
from tumorscope.preprocessing import Box


@pytest.fixture
def explain(phantom_slice):
    def explain(name="yes/1.png", probability=0.9, verdict="tumor", truth=None, image=None):
        image = phantom_slice if image is None else image
        cam = np.array([[1, -1], [0.5, 0]], np.float32)
        box = Box(0, 0, *image.shape[:2])
        return Explanation(name, image, box, cam, probability, verdict, truth)

    return explain


class TestContactSheet:
    @pytest.mark.parametrize("count", [1, 2, 3, 7])
    @pytest.mark.parametrize("columns", [1, 2, 3])
    def test_has_room_for_every_panel(self, explain, count, columns):
        one = draw_contact_sheet([explain()], 1.0, columns=1)
        sheet = draw_contact_sheet([explain()] * count, 1.0, columns)
        two_rows = draw_contact_sheet([explain()] * 2, 1.0, columns=1)
        panel_height = two_rows.height - one.height
        assert sheet.width == columns * one.width
        assert sheet.height == one.height + (ceil(count / columns) - 1) * panel_height

    def test_every_panel_is_drawn_in_reading_order(self, explain):
        shades = [np.full((50, 50, 3), shade, np.uint8) for shade in (40, 80, 120)]
        sheet = np.asarray(
            draw_contact_sheet([explain(image=shade) for shade in shades], 1.0, columns=2)
        )
        half = sheet.shape[1] // 2
        for index, shade in enumerate((40, 80, 120)):
            row, column = divmod(index, 2)
            panel = sheet[
                row * 324 + 60 : row * 324 + 340, column * half + 20 : column * half + 300
            ]
            assert (panel == shade).all(axis=-1).mean() > 0.9

    @pytest.mark.parametrize("hw", [(32, 32), (32, 900), (900, 32), (1500, 1100)])
    def test_slice_of_any_shape_is_fitted(self, explain, hw):
        image = np.random.default_rng(0).integers(0, 256, (*hw, 3), dtype=np.uint8)
        before = image.copy()
        assert draw_overlay(explain(image=image), 1.0).size == draw_overlay(explain(), 1.0).size
        np.testing.assert_array_equal(image, before)

    def test_same_explanation_gives_the_same_picture(self, explain):
        first, second = (np.asarray(draw_overlay(explain(), 2.0)) for _ in range(2))
        np.testing.assert_array_equal(first, second)

    def test_picture_changes_with_the_scale_the_probability_and_the_truth(self, explain):
        pictures = [
            draw_overlay(explain(), 1.0),
            draw_overlay(explain(), 4.0),
            draw_overlay(explain(probability=0.6), 1.0),
            draw_overlay(explain(truth="tumor"), 1.0),
            draw_overlay(explain(truth="no tumor"), 1.0),
            draw_overlay(explain(verdict="no tumor"), 1.0),
            draw_overlay(explain(verdict="uncertain"), 1.0),
            draw_overlay(explain(verdict="uncertain", truth="tumor"), 1.0),
            draw_overlay(explain(verdict="uncertain", truth="no tumor"), 1.0),
        ]
        assert len({picture.tobytes() for picture in pictures}) == len(pictures)

    @pytest.mark.parametrize("probability", [0.0, 1e-9, 0.5, 1.0])
    def test_any_probability_is_drawn(self, explain, probability):
        assert draw_overlay(explain(probability=probability), 1.0).mode == "RGB"


@pytest.mark.parametrize(
    ("verdicts", "is_drawn"),
    [(["no tumor", "uncertain"], False), (["no tumor", "tumor"], True)],
)
def test_legend_names_the_line_only_where_one_is_drawn(explain, monkeypatch, verdicts, is_drawn):
    drawn = []
    draw_text = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda *given: drawn.append(given[2]) or draw_text(*given)
    )
    draw_contact_sheet([explain(verdict=verdict) for verdict in verdicts], 1.0)
    foot = " ".join(drawn[-1].split())
    assert foot.startswith("Heatmap: evidence for a tumor in logit per position")
    assert ("line: region that drove the decision" in foot) == is_drawn


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "",
            "two\nlines\r\n.png",
            "x" * 5000,
            "脑肿瘤/опухоль.png",
            "شبكة.png",
            "🧠" * 40,
            "e\u0301" * 50,
            "\udcfc.png",
            "\0\x1b[31m\u202e",
        ],
        ids=ascii,
    )
    def test_hostile_name_neither_fails_nor_leaves_its_place(self, explain, name):
        plain = np.asarray(draw_overlay(explain("a"), 1.0))
        hostile = np.asarray(draw_overlay(explain(name), 1.0))
        assert hostile.shape == plain.shape
        rows, columns = np.nonzero((hostile != plain).any(axis=-1))
        if rows.size:
            assert rows.max() < 100  # above the probability
            assert columns.min() > 600  # right of the pictures

    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(name=st.text(max_size=60))
    def test_any_name_is_drawn(self, name):
        image = np.zeros((32, 32, 3), np.uint8)
        cam = np.zeros((2, 2), np.float32)
        explanation = Explanation(name, image, Box(0, 0, 32, 32), cam, 0.5, "tumor")
        assert draw_overlay(explanation, 1.0).width > 600


class TestNotAssessable:
    @pytest.fixture
    def refused(self, explain):
        return replace(explain(verdict="not assessable"), reason="90 % of it is in color")

    def test_neither_probability_nor_heatmap_is_drawn(self, refused):
        other = replace(refused, probability=0.1, cam=-refused.cam)
        assert draw_overlay(refused, 1.0).tobytes() == draw_overlay(other, 1.0).tobytes()

    def test_the_reason_is_drawn_in_its_place(self, refused, explain):
        other = replace(refused, reason="almost one gray level")
        assert draw_overlay(refused, 1.0).tobytes() != draw_overlay(other, 1.0).tobytes()
        assert draw_overlay(refused, 1.0).size == draw_overlay(explain(), 1.0).size

    def test_alone_it_has_no_heading_over_what_is_not_drawn(self, refused, explain):
        header, other = (
            np.asarray(draw_overlay(drawn, 1.0))[:40, 300:] for drawn in (refused, explain())
        )
        assert header.min() == 255
        assert other.min() < 255

    def test_goes_on_a_sheet_with_slices_that_were_assessed(self, refused, explain):
        sheet = draw_contact_sheet([explain(), refused], 1.0, columns=1)
        assert sheet.height > draw_overlay(refused, 1.0).height
