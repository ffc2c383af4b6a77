from dataclasses import replace

import numpy as np
import pytest

from tumorscope.inference.prediction import Prediction
from tumorscope.inference.series import NO_BRAIN, mark_without_brain, vote
from tumorscope.preprocessing import Box


def make_slice(index: int, probability: float = 0.5, head_px: int = 40) -> Prediction:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:head_px, :40] = 150
    answer = (probability, probability, "tumor", "tumor", None, np.zeros((2, 2), np.float32))
    return Prediction(
        f"v#{index:03d}", "v", index, image, Box(0, 0, 64, 64), "Grad-CAM", 1.0, *answer
    )


def make_slices(*probabilities: float) -> list[Prediction]:
    return [make_slice(index, value) for index, value in enumerate(probabilities)]


def test_the_best_three_in_a_row_decide():
    assert vote(make_slices(0.9, 0.1, 0.2, 0.8, 0.8, 0.5)) == pytest.approx(0.7)


def test_one_high_slice_alone_is_averaged_with_its_neighbors():
    assert vote(make_slices(0.0, 0.9, 0.0, 0.0)) == pytest.approx(0.3)


def test_slices_across_a_gap_are_not_consecutive():
    slices = make_slices(0.9, 0.9, 0.9, 0.9, 0.1, 0.2)
    slices[2] = slices[2].refuse("air")
    assert vote(slices) == pytest.approx((0.9 + 0.1 + 0.2) / 3)
    without_third = [answer for answer in slices if answer.index != 2]
    assert vote(without_third) == pytest.approx(vote(slices))


def test_of_fewer_than_three_all_decide_and_of_none_nothing():
    assert vote(make_slices(0.2, 0.4)) == pytest.approx(0.3)
    assert vote([make_slice(0).refuse("air")]) is None


def test_slices_with_little_head_do_not_vote():
    heads = [4, 38, 40, 40, 40, 10]
    marked = mark_without_brain([make_slice(n, head_px=px) for n, px in enumerate(heads)])
    assert [answer.reason for answer in marked] == [NO_BRAIN, None, None, None, None, NO_BRAIN]
    assert marked[0].probability is None
    assert marked[0].verdict == "not assessable"


def test_another_reason_is_kept():
    slices = [replace(make_slice(0, head_px=1), reason="in color"), make_slice(1)]
    assert mark_without_brain(slices)[0].reason == "in color"
