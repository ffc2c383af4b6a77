import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import OPENVINO_FILE, ConformalSpec
from tumorscope.errors import ArtifactError, InputError
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.inference.guard import Guard
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.predictor import Predictor
from tumorscope.scans.images import read_slice
from tumorscope.scans.scan import Unreadable


@pytest.fixture(scope="module", params=[1, 2], ids=["one core", "two cores"])
def predictor(tiny_artifact, request):
    return Predictor.load(tiny_artifact, cores=request.param)


def compute_probability(brightness: float) -> float:
    return float(1 / (1 + np.exp(-(brightness - 64) / 16)))


class TestLoad:
    def test_run_folder_is_as_good_as_its_artifact(self, tiny_artifact, tmp_path):
        shutil.copytree(tiny_artifact, tmp_path / "run" / "model")
        assert Predictor.load(tmp_path / "run").spec == Predictor.load(tiny_artifact).spec

    def test_damaged_artifact_is_not_loaded(self, tiny_artifact, tmp_path):
        model = Path(shutil.copytree(tiny_artifact, tmp_path / "model"))
        (model / "model.bin").write_bytes(b"")
        with pytest.raises(ArtifactError, match=r"model\.bin: changed since"):
            Predictor.load(model)

    def test_another_operating_point_can_be_applied(self, tiny_artifact):
        assert Predictor.load(tiny_artifact).spec.threshold == 0.5
        assert Predictor.load(tiny_artifact, "youden").spec.threshold == 0.6
        with pytest.raises(InputError, match="no operating point 'best'"):
            Predictor.load(tiny_artifact, "best")


class TestVerdict:
    """Probabilities of the brightness 60, 65 and 70: 0.44, 0.52 and 0.59."""

    @pytest.fixture
    def answer(self, tiny_artifact, write_slice, tmp_path):
        paths = [write_slice(tmp_path / f"{mean}.png", mean) for mean in (60, 65, 70)]

        def answer(**changes):
            spec = read_artifact(tiny_artifact).model_copy(update=changes)
            guard = Guard.load(tiny_artifact)
            return list(Predictor(spec, tiny_artifact / OPENVINO_FILE, guard).predict(paths))

        return answer

    def test_class_is_the_thresholds_and_verdict_says_where_it_is_not_sure(self, answer):
        answers = answer()
        assert [a.predicted_class for a in answers] == ["no tumor", "tumor", "tumor"]
        assert [a.verdict for a in answers] == ["no tumor", "uncertain", "tumor"]
        assert [a.explain().verdict for a in answers] == [a.verdict for a in answers]

    def test_operating_point_moves_the_class_but_makes_nothing_more_certain(self, answer):
        answers = answer(operating_point="target_sensitivity")
        assert [a.predicted_class for a in answers] == ["tumor"] * 3
        assert [a.verdict for a in answers] == ["uncertain", "uncertain", "tumor"]

    def test_limits_of_one_leave_everything_uncertain(self, answer):
        assert {a.verdict for a in answer(conformal=ConformalSpec())} == {"uncertain"}

    def test_probability_is_calibrated_before_it_is_judged(self, answer):
        plain, warm = answer(), answer(temperature=4.0)
        for before, after in zip(plain, warm, strict=True):
            assert before.raw_probability == after.raw_probability == before.probability
            (calibrated,) = apply_temperature([before.probability], 4.0)
            assert after.probability == pytest.approx(calibrated)
        # The logits become a quarter: 0.52 is the surest now.
        assert [a.verdict for a in warm] == ["uncertain"] * 3


class TestNotAssessable:
    def test_picture_that_is_no_slice_gets_a_reason_among_slices_that_get_verdicts(
        self, predictor, write_slice, tmp_path
    ):
        flag = np.zeros((60, 60, 3), np.uint8)
        flag[:30, :, 0], flag[30:, :, 2] = 255, 255
        Image.fromarray(flag).save(tmp_path / "flag.png")
        paths = [write_slice(tmp_path / f"{mean}.png", mean) for mean in (40, 100)]
        paths.insert(1, tmp_path / "flag.png")
        answers = list(predictor.predict(paths))
        assert [a.verdict for a in answers] == ["no tumor", "not assessable", "tumor"]
        assert [a.reason for a in answers] == [None, "100 % of it is in color", None]
        assert answers[1].explain().reason == answers[1].reason
        assert [a.region is None for a in answers] == [True, True, False]


class TestPredict:
    def test_answer_holds_the_slice_and_what_the_network_saw(
        self, predictor, write_slice, tmp_path
    ):
        path = write_slice(tmp_path / "folder" / "a.png", 100)
        (answer,) = predictor.predict([path])
        assert isinstance(answer, Prediction)
        assert answer.name == str(path)
        assert answer.probability == pytest.approx(compute_probability(100), abs=1e-4)
        assert answer.verdict == "tumor"
        assert tuple(answer.box) == (0, 0, 40, 40)
        assert answer.cam.shape == (2, 2)
        np.testing.assert_array_equal(answer.image, read_slice(path))
        explanation = answer.explain("no tumor")
        assert explanation.name == "folder/a.png"
        assert explanation.truth == "no tumor"
        assert explanation.probability == answer.probability

    @pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 33, 50])
    def test_order_is_kept_whatever_the_number_of_files(
        self, predictor, write_slice, tmp_path, count
    ):
        paths = [write_slice(tmp_path / f"{n}.png", 20 + n) for n in range(count)]
        paths.reverse()
        answers = list(predictor.predict(iter(paths)))
        assert [answer.name for answer in answers] == list(map(str, paths))
        for answer in answers:
            expected = compute_probability(20 + int(Path(answer.name).stem))
            assert answer.probability == pytest.approx(expected, abs=1e-4)

    @pytest.mark.parametrize("bad", [{0}, {3}, {7, 8}, set(range(8)), set(range(20)), {19}])
    def test_bad_files_in_between_are_rejected_in_their_place(
        self, predictor, write_slice, tmp_path, bad
    ):
        paths = [write_slice(tmp_path / f"{n}.png", 20 + 5 * n) for n in range(20)]
        for number in bad:
            paths[number].write_bytes(b"no image")
        answers = list(predictor.predict(paths))
        assert [answer.name for answer in answers] == list(map(str, paths))
        for number, answer in enumerate(answers):
            if number in bad:
                assert isinstance(answer, Unreadable)
                assert answer.reason.startswith("content of no known format")
            else:
                assert answer.probability == pytest.approx(
                    compute_probability(20 + 5 * number), abs=1e-4
                )

    def test_missing_file_and_folder_are_rejected_with_their_reason(self, predictor, tmp_path):
        answers = list(predictor.predict([tmp_path / "gone.png", tmp_path]))
        assert [answer.reason for answer in answers] == [
            "cannot be read: No such file or directory",
            "cannot be read: Is a directory",
        ]

    def test_slices_of_different_size_go_together(self, predictor, write_slice, tmp_path):
        sides = {50: 32, 60: 40, 70: 300, 80: 64}
        paths = [write_slice(tmp_path / f"{mean}.png", mean, side) for mean, side in sides.items()]
        answers = list(predictor.predict(paths))
        assert [answer.image.shape[0] for answer in answers] == list(sides.values())
        expected = [compute_probability(mean) for mean in sides]
        # The edge in the middle of a large slice moves a little when it is made small.
        assert [answer.probability for answer in answers] == pytest.approx(expected, abs=5e-3)

    def test_only_a_few_batches_are_read_ahead(self, predictor, write_slice, tmp_path):
        paths = [write_slice(tmp_path / f"{n}.png", 20 + n) for n in range(100)]
        taken = []
        answers = predictor.predict(taken.append(path) or path for path in paths)
        next(answers)
        assert len(taken) <= 40
        answers.close()

    def test_answers_stay_as_they_were_given(self, predictor, write_slice, tmp_path):
        paths = [write_slice(tmp_path / f"{n}.png", 20 + 5 * n) for n in range(30)]
        answers = predictor.predict(paths)
        first = next(answers)
        kept = first.cam.copy()
        list(answers)
        np.testing.assert_array_equal(first.cam, kept)

    def test_file_is_left_alone(self, predictor, write_slice, tmp_path):
        path = write_slice(tmp_path / "a.png")
        before = path.read_bytes()
        list(predictor.predict([path]))
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]
