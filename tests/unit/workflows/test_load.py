import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from weakref import ref

import nibabel
import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless

import tumorscope
from scan_files import make_dataset, make_nifti, make_series, make_zip, write_dataset
from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import KNOWN_DIGESTS_FILE
from tumorscope.artifact.writer import write_artifact
from tumorscope.copies.digests import compute_file_digests
from tumorscope.errors import ArtifactError, InputError
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.series import SeriesPrediction
from tumorscope.scans import nifti
from tumorscope.scans.find import find_scans
from tumorscope.scans.images import read_slice
from tumorscope.scans.pictures import write_slices


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


def make_head(brightness: int) -> np.ndarray:
    """A square head on black, shape (48, 48), uint8."""
    gray = np.zeros((48, 48), np.uint8)
    gray[4:44, 4:24], gray[4:44, 24:44] = brightness - 8, brightness + 8
    return gray


class TestScans:
    """A DICOM file of 8 bits without a window is shown as it is, so answers can be compared."""

    HEADS = np.stack([make_head(brightness) for brightness in (70, 80, 110, 115, 120, 90)])

    @pytest.fixture
    def expected(self, predictor) -> list[float]:
        return [predictor(head).probability for head in self.HEADS]

    def check_series(self, answer, expected):
        assert isinstance(answer, SeriesPrediction)
        assert [part.probability for part in answer] == pytest.approx(expected, abs=1e-6)
        assert answer.probability == pytest.approx(np.mean(expected[2:5]), abs=1e-6)
        assert [part.index for part in answer] == list(range(len(expected)))

    def test_dataset_of_one_frame_is_a_picture(self, predictor, expected):
        answer = predictor(make_dataset(self.HEADS[0]))
        assert isinstance(answer, Prediction)
        assert answer.probability == pytest.approx(expected[0], abs=1e-6)

    def test_dataset_of_several_frames_is_a_series(self, predictor, expected):
        self.check_series(predictor(make_dataset(self.HEADS)), expected)

    def test_file_of_several_frames_is_a_series(self, predictor, expected, tmp_path):
        dataset = make_dataset(self.HEADS)
        dataset.compress(RLELossless)
        (tmp_path / "multi.dcm").write_bytes(write_dataset(dataset))
        self.check_series(predictor(tmp_path / "multi.dcm"), expected)

    def test_folder_and_archive_of_dicom_files_are_the_same_series(
        self, predictor, expected, tmp_path
    ):
        files = {f"IM{5 - n}": data for n, data in enumerate(make_series(self.HEADS))}
        (tmp_path / "study").mkdir()
        for name, data in files.items():
            (tmp_path / "study" / name).write_bytes(data)
        (tmp_path / "study.zip").write_bytes(make_zip(files))
        for given in (tmp_path / "study", tmp_path / "study.zip"):
            self.check_series(predictor(given), expected)

    def test_nifti_volume_gives_an_answer_for_each_slice(self, predictor, tmp_path):
        volume = np.stack([head[::-1, ::-1].T for head in self.HEADS], axis=-1)
        for name, is_packed in (("head.nii", False), ("head.nii.gz", True)):
            (tmp_path / name).write_bytes(make_nifti(volume, is_packed=is_packed))
        plain, packed = predictor(tmp_path / "head.nii"), predictor(tmp_path / "head.nii.gz")
        assert [part.probability for part in plain] == [part.probability for part in packed]
        low, high = np.percentile(volume, [0.5, 99.5])
        shown = np.clip((self.HEADS - low) / (high - low), 0, 1) * 255
        for part, head in zip(plain, shown, strict=True):
            np.testing.assert_allclose(part.image[..., 0], head, atol=1)

    def test_frames_that_cannot_be_read_are_told_without_the_dataset(self, predictor):
        dataset = make_dataset(self.HEADS)
        dataset.compress(RLELossless)
        dataset.PixelData = encapsulate([b"no frame"] * len(self.HEADS))
        with pytest.raises(InputError, match="dataset#000") as caught:
            predictor(dataset)
        assert "ecret" not in str(caught.value)

    def test_several_scans_are_not_one(self, predictor, write_slice, tmp_path):
        for name in ("a.png", "b.png"):
            write_slice(tmp_path / name)
        with pytest.raises(InputError, match="expected one scan, found several"):
            predictor(tmp_path)

    def test_one_volume_is_in_memory_at_a_time(self, predictor, monkeypatch, tmp_path):
        volume = np.stack([*self.HEADS], axis=-1)
        for number in range(12):
            (tmp_path / f"{number:02d}.nii").write_bytes(make_nifti(volume))
        volumes, held = [], []
        read_volume = nifti._read_volume

        def count(*arguments):
            values = read_volume(*arguments)
            volumes.append(ref(values))
            held.append(sum(volume() is not None for volume in volumes))
            return values

        monkeypatch.setattr(nifti, "_read_volume", count)
        assert len(list(predictor.stream([tmp_path]))) == 12
        assert len(held) == 12
        assert max(held) <= 2


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
        assert str(results[2]).startswith(f"{tmp_path}/bad.png: content of no known format")

    def test_what_is_not_there_does_not_end_it(self, predictor, write_slice, tmp_path):
        good = write_slice(tmp_path / "a.png")
        answered, gone, nothing, last = predictor.stream([good, tmp_path / "gone.png", 7, good])
        assert answered.probability == last.probability
        assert str(gone) == f"{tmp_path / 'gone.png'}: no such file or folder"
        assert str(nothing) == "int: expected a path, an array or a pydicom Dataset, found int"

    def test_one_path_is_taken_as_such(self, predictor, write_slice, tmp_path):
        path = write_slice(tmp_path / "a.png")
        (answer,) = predictor.stream(str(path))
        assert answer.name == str(path)

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


EFFECTS = """
import os, sys, json, locale, logging, signal, threading, warnings
import cv2, numpy, threadpoolctl  # what these do when they are imported is their own

def list_settings():
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    return {
        "environment": dict(os.environ),
        "warnings": [str(one) for one in warnings.filters] + [str(warnings.showwarning)],
        "logging": [
            (one.name, one.level, str(one.handlers), str(one.filters), one.propagate)
            for one in loggers
            if isinstance(one, logging.Logger) and (one.level or one.handlers or one.filters)
        ],
        "signals": [str(signal.getsignal(one)) for one in sorted(signal.valid_signals())],
        "threads": [cv2.getNumThreads()]
        + [(one["filepath"], one["num_threads"]) for one in threadpoolctl.threadpool_info()],
        "cores": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "numbers": [str(numpy.geterr()), float(numpy.float32(1e-40) * numpy.float32(1))],
        "others": [os.getcwd(), sys.path[:], str(sys.excepthook), locale.setlocale(locale.LC_ALL)],
    }

cv2.setNumThreads(2)
before = list_settings()
import tumorscope
predictor = tumorscope.load(sys.argv[1])
after = list_settings()
assert all(one in after["threads"] for one in before["threads"])
after["threads"] = before["threads"]  # libraries that were loaded since have their own
for name in before:
    assert before[name] == after[name], (name, before[name], after[name])
tumorscope.predict(sys.argv[2], model=sys.argv[1])
assert cv2.getNumThreads() == 2
"""

ENVIRONMENT = """
import os, sys
os.environ["LD_LIBRARY_PATH"] = "/mine"
before = dict(os.environ)
import tumorscope
tumorscope.load(sys.argv[1])
assert "cv2" in sys.modules
assert before == dict(os.environ), set(before.items()) ^ set(os.environ.items())
"""


class TestHost:
    @pytest.mark.parametrize("program", [EFFECTS, ENVIRONMENT])
    def test_no_setting_of_the_process_changes(self, tiny_artifact, write_slice, tmp_path, program):
        given = [str(tiny_artifact), str(write_slice(tmp_path / "a.png"))]
        command = [sys.executable, "-c", program, *given]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr


class TestOrigin:
    def test_answers_name_their_model(self, predictor, tiny_artifact, volume):
        slice_, series = predictor(make_head(90)), predictor(volume)
        assert slice_.model == series.model == predictor.identity
        assert slice_.model.name == tiny_artifact.name
        assert slice_.model.threshold == 0.5

    def test_a_model_is_no_scan(self, predictor, tiny_artifact):
        with pytest.raises(InputError, match=r"a model, no scan; load it with tumorscope\.load"):
            predictor(tiny_artifact)
        (refused,) = predictor.stream([tiny_artifact])
        assert "a model, no scan" in refused.reason

    def test_model_that_does_not_tell_its_slices_marks_none(self, predictor, volume):
        assert predictor(volume)[2].known is None
        assert predictor(volume).known is None

    def test_slices_it_was_trained_on_are_known_from_any_file(
        self, tiny_artifact, volume, write_slice, tmp_path
    ):
        (scan,) = find_scans(volume)
        written, _ = write_slices(scan, tmp_path / "unpacked", lambda: None)
        lone = write_slice(tmp_path / "lone.jpg", 90)
        model = shutil.copytree(tiny_artifact, tmp_path / "model")
        paths = [*(str(one.path) for one in written), str(lone)]
        digests = compute_file_digests(paths, 320)
        spec = read_artifact(model)
        np.save(model / KNOWN_DIGESTS_FILE, digests)
        write_artifact(model, spec)
        predictor = tumorscope.load(model)
        series = predictor(volume)
        # Slices of air are left out of a training.
        assert [answer.known for answer in series] == [False, *[True] * 7, False]
        assert series.known == 7
        assert "the model was trained on 7 of its slices" in repr(series)
        shutil.copy(lone, tmp_path / "renamed.dat")
        known, other = predictor(tmp_path / "renamed.dat"), predictor(write_slice(lone, 91))
        assert (known.known, other.known) == (True, False)
        assert "known: the model was trained on it" in repr(known)
        assert known.draw().height >= other.draw().height
