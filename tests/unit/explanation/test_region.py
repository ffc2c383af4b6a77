import json

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.explanation.overlay import project_map
from tumorscope.explanation.region import REGION_NAME, draw_region, find_region
from tumorscope.preprocessing import Box


def draw_evidence():
    evidence_hw = np.zeros((60, 80), np.float32)
    evidence_hw[10:20, 30:50] = 1.0
    evidence_hw[12, 40] = 1.5
    evidence_hw[40:50, 60:70] = 1.4  # strong, but apart from the peak
    evidence_hw[20:25, 30:50] = 0.7  # joined, but weak
    return evidence_hw


def test_region_is_what_is_strong_around_the_peak():
    region = find_region(draw_evidence())
    assert region.box == Box(top=10, left=30, height=10, width=20)
    assert sorted(region.contour) == [(30, 10), (30, 19), (49, 10), (49, 19)]
    assert (region.height, region.width) == (60, 80)
    assert region == find_region(draw_evidence())


def test_description_names_it_honestly_and_holds_plain_numbers():
    description = find_region(draw_evidence()).describe()
    assert description["name"] == REGION_NAME == "region that drove the decision"
    assert description["box"] == {"top": 10, "left": 30, "height": 10, "width": 20}
    assert description["picture"] == {"height": 60, "width": 80}
    assert json.loads(json.dumps(description))["contour"][0] == list(description["contour"][0])


def test_no_evidence_gives_no_region_and_no_line():
    nothing = np.zeros((60, 80), np.float32)
    image = np.full((60, 80, 3), 7, np.uint8)
    assert find_region(nothing) is None
    assert (draw_region(image, nothing) == image).all()


def test_line_is_drawn_on_a_copy():
    image = np.full((60, 80, 3), 7, np.uint8)
    drawn = draw_region(image, draw_evidence())
    assert (image == 7).all()
    assert (drawn[10, 30:50] != 7).any()
    assert (drawn[40:50, 60:70] == 7).all()


@given(st.integers(0, 2**32 - 1))
def test_region_of_any_map_holds_the_peak_and_the_contour_encloses_it(seed):
    generator = np.random.default_rng(seed)
    cam_hw = generator.normal(size=(7, 7)).astype(np.float32)
    evidence_hw = project_map(cam_hw, Box(5, 3, 50, 70), (60, 80))
    region = find_region(evidence_hw)
    row, column = divmod(int(evidence_hw.argmax()), 80)
    contour = np.array(region.contour)
    assert cv2.pointPolygonTest(contour, (column, row), True) >= -1.5  # to within a pixel
    top, left, height, width = region.box
    assert top <= row < top + height
    assert left <= column < left + width
    assert top >= 5
    assert left >= 3
    assert (contour.min(axis=0) >= [left, top]).all()
    assert (contour.max(axis=0) < [left + width, top + height]).all()
