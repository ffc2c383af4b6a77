from dataclasses import replace

import numpy as np
import pytest

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import ConformalSpec, SeriesSpec
from tumorscope.evaluation.decisions.neighbours import heed_neighbours
from tumorscope.inference.brain import NO_BRAIN
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.series import answer_series, mark_without_brain
from tumorscope.preprocessing import Box
from tumorscope.scans.scan import Unreadable


def make_slice(index: int, probability: float = 0.5, head_px: int = 40) -> Prediction:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:head_px, :40] = 150
    answer = (probability, probability, "tumor", "tumor", None, np.zeros((2, 2), np.float32))
    return Prediction(
        f"v#{index:03d}", "v", index, image, Box(0, 0, 64, 64), "Grad-CAM", 1.0, *answer
    )


def make_slices(*probabilities: float) -> list[Prediction]:
    return [make_slice(index, value) for index, value in enumerate(probabilities)]


def test_slices_with_little_head_do_not_vote():
    heads = [4, 38, 40, 40, 40, 10]
    marked = mark_without_brain([make_slice(n, head_px=px) for n, px in enumerate(heads)])
    assert [answer.reason for answer in marked] == [NO_BRAIN, None, None, None, None, NO_BRAIN]
    assert marked[0].probability is None
    assert marked[0].verdict == "not assessable"


def test_another_reason_is_kept():
    slices = [replace(make_slice(0, head_px=1), reason="in color"), make_slice(1)]
    assert mark_without_brain(slices)[0].reason == "in color"


# The logit of the vote, and -2: a vote of 0.88 is a half.
RULE = SeriesSpec(
    slope=1.0,
    intercept=-2.0,
    operating_points={"half": 0.5, "youden": 0.7, "target_sensitivity": 0.2},
    conformal=ConformalSpec(no_tumor=0.6, tumor=0.6),
    no_tumor=20,
    tumor=30,
)


@pytest.fixture
def plain(tiny_artifact):
    return read_artifact(tiny_artifact)


@pytest.fixture
def fitted(plain):
    return plain.model_copy(update={"series": RULE})


class TestNeighbours:
    given = 0.1, 0.1, 0.9, 0.1, 0.1

    def test_have_a_say_where_the_model_lets_them(self, plain):
        spec = plain.model_copy(
            update={"reach": 0.2, "conformal": ConformalSpec(no_tumor=0.7, tumor=0.7)}
        )
        answer = answer_series(make_slices(*self.given), [], spec)
        expected = heed_neighbours(self.given, range(5), 0.2)
        assert [one.tumor_probability for one in answer] == pytest.approx(expected)
        assert [one.raw_probability for one in answer] == list(self.given)
        assert [one.verdict for one in answer][:3] == ["no tumor", "no tumor", "uncertain"]
        assert answer[2].predicted_class == ("tumor" if expected[2] >= 0.5 else "no tumor")

    def test_have_none_if_the_guard_refuses_them(self, plain):
        slices = make_slices(*self.given)
        slices[2] = slices[2].refuse("unlike")
        answer = answer_series(slices, [], plain.model_copy(update={"reach": 0.2}))
        assert answer[1].probability == pytest.approx(0.1)
        assert answer[2].tumor_probability == 0.9

    def test_have_none_from_afar(self, plain):
        slices = [replace(one, position_mm=40.0 * one.index) for one in make_slices(*self.given)]
        answer = answer_series(slices, [], plain.model_copy(update={"reach": 0.2}))
        assert [one.tumor_probability for one in answer] == pytest.approx(list(self.given))

    def test_of_another_model_leave_each_slice_its_own_answer(self, plain):
        answer = answer_series(make_slices(*self.given), [], plain)
        assert [one.tumor_probability for one in answer] == list(self.given)


class TestAnswer:
    def test_without_a_rule_the_vote_is_judged_as_a_slice(self, plain):
        answer = answer_series(make_slices(0.1, 0.9, 0.9, 0.9), [], plain)
        assert answer.probability == pytest.approx(0.9)
        assert (answer.verdict, answer.reason) == ("tumor", None)
        assert answer_series(make_slices(0.5, 0.5, 0.5), [], plain).verdict == "uncertain"

    def test_a_fitted_rule_calibrates_and_judges_it(self, fitted):
        answers = [
            answer_series(make_slices(0.1, *[value] * 3), [], fitted) for value in (0.8, 0.9, 0.96)
        ]
        logits = np.log([0.8 / 0.2, 0.9 / 0.1, 0.96 / 0.04]) - 2
        expected = 1 / (1 + np.exp(-logits))
        assert [answer.probability for answer in answers] == pytest.approx(expected)
        assert [answer.verdict for answer in answers] == ["no tumor", "uncertain", "tumor"]

    def test_operating_point_is_that_of_the_rule(self, fitted):
        slices = make_slices(*[0.93] * 3)  # 0.64, above the limit of no tumor
        assert answer_series(slices, [], fitted).verdict == "tumor"
        other = fitted.apply_operating_point("youden")
        assert answer_series(slices, [], other).verdict == "uncertain"

    def test_counts_slices_with_brain_and_not_air(self, fitted):
        slices = [make_slice(n, 0.9, px) for n, px in enumerate([2, 40, 40, 40, 40, 2])]
        slices[0] = slices[0].refuse("almost one gray level")  # air, whoever says so first
        slices[1] = slices[1].refuse("unlike")
        answer = answer_series(slices, [Unreadable("v#006", "cut short")], fitted)
        assert (answer.assessed, answer.of, len(answer)) == (3, 5, 6)
        assert answer.verdict != "not assessable"
        assert repr(answer).endswith(", 3 of 5 slices assessed>")

    def test_less_than_half_is_not_assessable_and_says_so(self, fitted):
        slices = make_slices(*[0.99] * 40)
        slices[7:] = [answer.refuse("unlike") for answer in slices[7:]]
        answer = answer_series(slices, [], fitted)
        assert (answer.verdict, answer.probability) == ("not assessable", None)
        assert answer.reason == "only 7 of 40 slices are assessable"
        assert (answer.assessed, answer.of) == (7, 40)

    def test_what_could_not_be_read_counts_as_not_assessed(self, fitted):
        lost = [Unreadable(f"v#{number}", "cut short") for number in range(4)]
        assert answer_series(make_slices(0.9, 0.9, 0.9), lost, fitted).probability is None

    def test_without_a_rule_no_share_is_asked_for(self, plain):
        slices = make_slices(*[0.99] * 40)
        slices[1:] = [answer.refuse("unlike") for answer in slices[1:]]
        answer = answer_series(slices, [], plain)
        assert (answer.verdict, answer.probability) == ("tumor", 0.99)
        assert (answer.assessed, answer.of) == (1, 40)

    @pytest.mark.parametrize("name", ["plain", "fitted"])
    def test_where_nothing_is_assessable_there_is_nothing_to_say(self, name, request):
        refused = [answer.refuse("unlike") for answer in make_slices(0.9, 0.9)]
        answer = answer_series(refused, [], request.getfixturevalue(name))
        assert answer.reason == "no slice of the series is assessable"

    def test_picture_is_drawn_with_what_was_assessed(self, fitted, monkeypatch):
        said = []
        monkeypatch.setattr(
            "tumorscope.inference.series.draw_mosaic", lambda *given: said.append(given[-2:])
        )
        answer_series(make_slices(0.9, 0.9, 0.9), [], fitted).draw()
        assert said == [("uncertain, 0.549, 3 of 3 slices assessed", [])]

    def test_slices_that_lie_apart_do_not_vote_together(self, plain):
        near, far = (
            [
                replace(answer, position_mm=step * answer.index)
                for answer in make_slices(0.1, 0.4, 0.7, 0.4)
            ]
            for step in (5.0, 40.0)
        )
        assert answer_series(near, [], plain).probability == pytest.approx(0.5)
        answer = answer_series(far, [], plain)
        assert answer.probability == pytest.approx(0.7)
        assert answer.note == "its slices lie 40 mm apart, too far to vote together"
        assert repr(answer).endswith(f"; {answer.note}>")

    def test_all_that_was_not_answered_is_said(self, plain):
        slices = [
            replace(answer, position_mm=float(answer.index + (answer.index > 1)), note="volume 0")
            for answer in make_slices(0.9, 0.9, 0.9, 0.9)
        ]
        answer = answer_series(slices, [], plain)
        assert answer.note == "volume 0; 1 slice is missing after slice 1"
