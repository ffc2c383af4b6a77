import shutil
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import nibabel
import numpy as np
import pytest
from PIL import Image

import tumorscope
from tumorscope.data.readers import read_slice
from tumorscope.data.scans.scan import Unreadable
from tumorscope.errors import ArtifactError, InputError


@pytest.fixture(scope="module")
def predictor(tiny_artifact):
    return tumorscope.load(tiny_artifact)


@pytest.fixture
def volume(tmp_path):
    values = np.zeros((48, 48, 9), np.float32)
    ramp = np.linspace(60, 200, 36, dtype=np.float32)
    for index in range(1, 8):
        values[4:44, 4:40, index] = ramp + 5 * index
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "head.nii.gz")
    return tmp_path / "head.nii.gz"


class TestModel:
    def test_without_one_the_shipped_model_answers(self, tiny_artifact, tmp_path, monkeypatch):
        monkeypatch.setattr("tumorscope.artifact.shipped._FOLDER", tmp_path / "default")
        with pytest.raises(ArtifactError, match="this installation carries no model"):
            tumorscope.load()
        shutil.copytree(tiny_artifact, tmp_path / "default")
        assert tumorscope.load().spec == tumorscope.load(tiny_artifact).spec

    def test_operating_point_is_applied(self, tiny_artifact):
        assert tumorscope.load(tiny_artifact, "youden").spec.threshold == 0.6


class TestCall:
    def test_path_and_array_give_the_same_answer(self, predictor, write_slice, tmp_path):
        path = write_slice(tmp_path / "a.png", 100)
        by_path, by_array = predictor(str(path)), predictor(read_slice(path))
        assert by_path.probability == by_array.probability
        assert (by_path.verdict, by_path.reason) == ("tumor", None)
        assert by_path.heatmap.shape == by_path.image.shape[:2]
        assert repr(by_path).startswith(f"<Prediction {path}: tumor, 0.")

    def test_notebook_shows_the_overlay(self, predictor, write_slice, tmp_path):
        png = predictor(write_slice(tmp_path / "a.png"))._repr_png_()
        assert Image.open(BytesIO(png)).width > 600

    def test_what_is_no_slice_has_a_reason_and_no_probability(self, predictor):
        colored = np.zeros((60, 60, 3), np.uint8)
        colored[:30, :, 0], colored[30:, :, 2] = 255, 255
        answer = predictor(colored)
        assert answer.probability is None
        assert answer.verdict == "not assessable"
        assert "color" in answer.reason

    def test_volume_is_a_sequence_of_slices_with_an_answer_of_its_own(self, predictor, volume):
        answer = predictor(volume)
        assert len(answer) == len(answer.slices) == 9
        assert answer[0].probability is None
        assert 0 <= answer.probability <= 1
        assert max(part.image.shape[0] for part in answer) <= 256
        assert Image.open(BytesIO(answer._repr_png_())).width >= 512

    @pytest.mark.parametrize("given", [3, np.zeros((40, 40, 2), np.uint8), np.zeros((4, 4))])
    def test_what_cannot_be_a_scan_is_an_input_error(self, predictor, given):
        with pytest.raises(InputError):
            predictor(given)


class TestStream:
    def test_order_is_kept_among_pictures_volumes_and_unreadable(
        self, predictor, volume, write_slice, tmp_path
    ):
        (tmp_path / "bad.png").write_bytes(b"no image")
        given = [write_slice(tmp_path / "a.png"), volume, tmp_path / "bad.png", np.eye(50)]
        results = list(predictor.stream(given))
        assert [type(result).__name__ for result in results] == [
            "Prediction", "SeriesPrediction", "Unreadable", "Prediction"
        ]  # fmt: skip
        assert isinstance(results[2], Unreadable)

    def test_threads_may_share_a_predictor(self, predictor, write_slice, tmp_path):
        paths = [write_slice(tmp_path / f"{n}.png", 20 + 5 * n) for n in range(24)]
        alone = [predictor(path).probability for path in paths]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(lambda path: predictor(path).probability, paths)) == alone


class TestReducedReading:
    def test_large_picture_is_reduced_with_its_box(self, predictor, write_slice, tmp_path):
        for name in ("a.jpg", "a.png"):
            answer = predictor(write_slice(tmp_path / name, 100, side_px=1800))
            assert answer.image.shape == (450, 450, 3)
            assert tuple(answer.box) == (0, 0, 450, 450)
            assert answer.heatmap.shape == (450, 450)
