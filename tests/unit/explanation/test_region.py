import numpy as np

from tumorscope.data.preprocessing import Box
from tumorscope.explanation.region import REGION_NAME, draw_region, find_region


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
    assert region.contour.min(axis=0).tolist() == [30, 10]
    assert region.contour.max(axis=0).tolist() == [49, 19]


def test_description_names_it_honestly_and_holds_plain_numbers():
    description = find_region(draw_evidence()).describe()
    assert description["name"] == REGION_NAME == "region that drove the decision"
    assert description["box"] == {"top": 10, "left": 30, "height": 10, "width": 20}
    assert all(isinstance(x, int) for point in description["contour"] for x in point)


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
