import csv
import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

import tumorscope
from scan_files import make_nifti, make_segmentation, make_series
from tumorscope.artifact.spec import SPEC_FILE
from tumorscope.checksum import compute_sha256
from tumorscope.errors import ArtifactError, InputError
from tumorscope.workflows.predict.command import predict as predict_scans

HEADINGS = [
    *("path", "series", "slice", "probability", "verdict", "reason", "assessed", "of", "note"),
    *("known", "model", "fingerprint", "threshold", "version"),
]


def predict(model, scans, out=None, overlays=None, **options):
    """Collect what the workflow hands out one by one."""
    answers, unreadable = [], []
    predict_scans(
        scans,
        out,
        model,
        overlays,
        on_answer=answers.append,
        on_unreadable=unreadable.append,
        **options,
    )
    return answers, unreadable


@pytest.fixture
def slices(write_slice, tmp_path):
    """A folder with dark and bright slices, and one file that is no image: 3 of 4 answered."""
    folder = tmp_path / "slices"
    write_slice(folder / "a.png", 20)
    write_slice(folder / "b" / "a.jpg", 120)
    (folder / "b" / "bad.png").write_bytes(b"no image")
    write_slice(folder / "c.tif", 200)
    (folder / "notes.txt").write_text("not listed")
    return folder


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


class TestAnswers:
    def test_folder_is_answered_in_order_and_bad_files_are_reported(self, tiny_artifact, slices):
        answers, rejected = predict(tiny_artifact, slices)
        assert [answer.path for answer in answers] == [
            str(slices / name) for name in ("a.png", "c.tif", "b/a.jpg")
        ]
        assert [answer.verdict for answer in answers] == ["no tumor", "tumor", "tumor"]
        assert all(0 <= answer.probability <= 1 for answer in answers)
        assert [file.name for file in rejected] == [str(slices / "b" / "bad.png")]
        assert "content of no known format" in rejected[0].reason

    def test_a_segmentation_is_no_scan_and_the_rest_goes_on(
        self, tiny_artifact, write_slice, tmp_path
    ):
        masks = np.random.default_rng(0).integers(0, 2, (2, 40, 48))
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "mask.dcm").write_bytes(make_segmentation(masks, [0, 1]))
        write_slice(tmp_path / "in" / "a.png", 20)
        answers, rejected = predict(tiny_artifact, tmp_path / "in")
        assert [Path(answer.path).name for answer in answers] == ["a.png"]
        (refused,) = rejected
        assert str(refused).startswith(f"{tmp_path / 'in' / 'mask.dcm'}: a segmentation, no scan")

    def test_operating_point_is_applied(self, tiny_artifact, write_slice, tmp_path):
        path = write_slice(tmp_path / "a.png", 68)  # 0.56: tumor from 0.5 on, but not from 0.6
        ((own,), _), ((other,), _) = (
            predict(tiny_artifact, path, operating_point=name) for name in (None, "youden")
        )
        assert own.probability == other.probability
        assert (own.verdict, other.verdict) == ("tumor", "uncertain")

    def test_files_and_folders_are_answered_in_the_order_given(self, tiny_artifact, slices):
        inputs = [slices / "c.tif", str(slices / "b"), slices / "a.png", slices / "c.tif"]
        answers, _ = predict(str(tiny_artifact), inputs)
        assert [Path(answer.path).name for answer in answers] == [
            "c.tif", "a.jpg", "a.png", "c.tif"
        ]  # fmt: skip

    def test_file_given_by_name_is_read_whatever_its_ending(self, tiny_artifact, slices):
        shutil.copy(slices / "a.png", slices / "scan.dat")
        answers, rejected = predict(tiny_artifact, slices / "scan.dat")
        assert len(answers) == 1
        assert rejected == []

    @pytest.mark.slow
    def test_plane_and_volume_are_those_asked_for(self, tiny_artifact, tmp_path):
        ramp = np.linspace(0, 1, 40 * 36 * 33, dtype=np.float32).reshape(40, 36, 33)
        ramp += np.linspace(0, 1, 36, dtype=np.float32)[:, np.newaxis]
        (tmp_path / "a.nii").write_bytes(make_nifti(np.stack([ramp, ramp[::-1]], axis=-1)))
        counts = {}
        for plane in ("axial", "coronal", "sagittal"):
            answers, _ = predict(tiny_artifact, tmp_path / "a.nii", plane=plane)
            counts[plane] = sum(not answer.is_series for answer in answers)
        assert counts == {"axial": 33, "coronal": 36, "sagittal": 40}
        first, second = (
            predict(tiny_artifact, tmp_path / "a.nii", plane="sagittal", volume=volume)[0]
            for volume in (0, 1)
        )
        assert first[10].probability == second[29].probability != first[29].probability
        _, (refused,) = predict(tiny_artifact, tmp_path / "a.nii", volume=2)
        assert "there is no volume 2" in refused.reason

    def test_run_folder_is_a_model(self, tiny_artifact, slices, tmp_path):
        shutil.copytree(tiny_artifact, tmp_path / "run" / "model")
        assert predict(tmp_path / "run", slices)[0] == predict(tiny_artifact, slices)[0]

    def test_is_the_public_function(self):
        assert tumorscope.predict is predict_scans

    def test_folder_named_as_an_image_is_searched_not_read(
        self, tiny_artifact, slices, write_slice
    ):
        write_slice(slices / "d.png" / "inside.png", 30)
        answers, rejected = predict(tiny_artifact, slices)
        assert str(slices / "d.png" / "inside.png") in [answer.path for answer in answers]
        assert [Path(file.name).name for file in rejected] == ["bad.png"]

    def test_progress_counts_every_file(self, tiny_artifact, slices):
        seen = []
        predict(tiny_artifact, slices, on_progress=lambda *report: seen.append(report))
        assert seen == [("predicting", done, 0) for done in range(1, 5)]


class TestRegions:
    def test_tumors_alone_have_one_and_only_where_it_is_asked_for(self, tiny_artifact, slices):
        answers, _ = predict(tiny_artifact, slices, regions=True)
        assert [answer.verdict for answer in answers] == ["no tumor", "tumor", "tumor"]
        assert [answer.region is not None for answer in answers] == [False, True, True]
        assert all(answer.region is None for answer in predict(tiny_artifact, slices)[0])

    def test_is_where_the_map_points(self, tiny_artifact, tmp_path):
        gray_hw = np.tile(np.arange(60, dtype=np.uint8), (40, 1))
        gray_hw[:, 30:] += 100  # the map is below 0 on the left
        Image.fromarray(gray_hw).save(tmp_path / "a.png")
        ((answer,), _) = predict(tiny_artifact, tmp_path / "a.png", regions=True)
        top, left, height, width = answer.region.box
        assert (top, height, left + width) == (0, 40, 60)
        assert 20 <= left <= 40  # half of the peak lies between two positions, 30 px apart
        assert (answer.region.height, answer.region.width) == (40, 60)
        assert answer.region == tumorscope.load(tiny_artifact)(tmp_path / "a.png").region

    def test_table_leaves_them_out(self, tiny_artifact, slices, tmp_path):
        predict(tiny_artifact, slices, out=tmp_path / "answers.csv", regions=True)
        assert {len(row) for row in read_rows(tmp_path / "answers.csv")} == {len(HEADINGS)}


class TestRefused:
    def test_unknown_operating_point_is_named(self, tiny_artifact, slices):
        with pytest.raises(InputError, match="no operating point 'best'; choose half or youden"):
            predict(tiny_artifact, slices, operating_point="best")

    def test_missing_input_is_named(self, tiny_artifact, slices):
        with pytest.raises(InputError, match=r"gone\.png: no such file or folder"):
            predict(tiny_artifact, [slices / "a.png", slices / "gone.png"])

    def test_folder_without_images_is_named(self, tiny_artifact, tmp_path):
        (tmp_path / "empty").mkdir()
        answers, (empty,) = predict(tiny_artifact, tmp_path / "empty")
        assert answers == []
        assert str(empty).endswith(
            "no image (JPEG, PNG, BMP, TIFF), DICOM, NIfTI or zip file in this folder"
        )

    def test_a_scan_is_not_written_over(self, tiny_artifact, slices):
        path = slices / "a.png"
        before = path.read_bytes()
        with pytest.raises(InputError, match=r"a\.png: holds something else than answers"):
            predict(tiny_artifact, slices, out=path)
        assert path.read_bytes() == before

    def test_a_table_of_labels_is_not_written_over(self, tiny_artifact, slices, tmp_path):
        (tmp_path / "labels.csv").write_text("path,label\na.png,yes\n")
        with pytest.raises(InputError, match=r"labels\.csv: holds something else than answers"):
            predict(tiny_artifact, slices, out=tmp_path / "labels.csv")
        assert (tmp_path / "labels.csv").read_text() == "path,label\na.png,yes\n"

    def test_a_model_given_as_a_scan_is_an_error_that_says_what_to_do(
        self, tiny_artifact, slices, tmp_path
    ):
        run = tmp_path / "run"
        shutil.copytree(tiny_artifact, run / "model")
        (run / "recipe.yaml").touch()
        for model in (run, run / "model"):
            with pytest.raises(InputError, match=rf"{model.name}: a model, no scan.*--model"):
                predict(tiny_artifact, [slices, model])

    def test_missing_model_is_named(self, slices):
        with pytest.raises(ArtifactError, match="slices: no model here"):
            predict(slices, slices)


class TestTable:
    def test_holds_path_probability_and_verdict(self, tiny_artifact, slices, tmp_path):
        out = tmp_path / "new folder" / "answers.csv"
        answers, _ = predict(tiny_artifact, slices, out=str(out))
        rows = read_rows(out)
        assert rows[0] == HEADINGS
        assert [(row[0], float(row[3]), row[4]) for row in rows[1:]] == [
            (answer.path, answer.probability, answer.verdict) for answer in answers
        ]
        assert [path.name for path in out.parent.iterdir()] == ["answers.csv"]

    def test_row_of_a_series_says_how_many_slices_were_assessed(self, tiny_artifact, tmp_path):
        head = np.zeros((40, 36, 5), np.float32)
        head[4:36, 4:32, 1:] = np.linspace(60, 200, 28)[:, np.newaxis]  # the first is air
        (tmp_path / "a.nii").write_bytes(make_nifti(head))
        predict(tiny_artifact, tmp_path / "a.nii", out=tmp_path / "answers.csv")
        *slices, series = read_rows(tmp_path / "answers.csv")[1:]
        assert [row[6:9] for row in slices] == [["", "", ""]] * 5
        assert series[6:9] == ["4", "4", ""]

    def test_row_says_which_volume_of_several_it_is_about(self, tiny_artifact, tmp_path):
        head = np.zeros((40, 36, 3, 2), np.float32)
        head[4:36, 4:32] = np.linspace(60, 200, 28)[:, np.newaxis, np.newaxis]
        (tmp_path / "a.nii").write_bytes(make_nifti(head))
        predict(tiny_artifact, tmp_path / "a.nii", out=tmp_path / "answers.csv", volume=1)
        notes = {row[8] for row in read_rows(tmp_path / "answers.csv")[1:]}
        assert notes == {"only volume 1 of 2 is answered; --volume chooses another"}

    def test_every_row_says_which_model_answered_and_with_what(
        self, tiny_artifact, slices, tmp_path
    ):
        predict(tiny_artifact, slices, out=tmp_path / "answers.csv", operating_point="youden")
        _, *rows = read_rows(tmp_path / "answers.csv")
        fingerprint = compute_sha256(tiny_artifact / SPEC_FILE)[:12]
        expected = ["", tiny_artifact.name, fingerprint, "0.6", tumorscope.__version__]
        assert [row[9:] for row in rows] == 3 * [expected]

    def test_uids_stand_there_on_request_and_only_then(self, tiny_artifact, write_slice, tmp_path):
        folder = tmp_path / "in"
        write_slice(folder / "a.png")
        values = np.tile(np.arange(40, dtype=np.uint16), (3, 40, 1))
        files = make_series(values)
        for name, data in zip("bcd", files, strict=True):
            (folder / f"{name}.dcm").write_bytes(data)
        predict(tiny_artifact, folder, out=tmp_path / "a.csv", uids=True)
        heading, *rows = read_rows(tmp_path / "a.csv")
        assert heading == [*HEADINGS, "series_uid", "instance_uid"]
        datasets = [dcmread(BytesIO(data)) for data in files]
        assert rows[0][-2:] == ["", ""]
        assert {row[-2] for row in rows[1:]} == {datasets[0].SeriesInstanceUID}
        assert [row[-1] for row in rows[1:]] == [*(one.SOPInstanceUID for one in datasets), ""]
        assert {answer.series_uid for answer in predict(tiny_artifact, folder)[0]} == {None}

    def test_is_written_when_no_file_could_be_answered(self, tiny_artifact, slices, tmp_path):
        predict(tiny_artifact, slices / "b" / "bad.png", out=tmp_path / "answers.csv")
        assert read_rows(tmp_path / "answers.csv") == [HEADINGS]

    @pytest.mark.parametrize("name", ['a,"b.png', "a\nb.png", "脑 ü.png", "=1+1.png"])
    def test_unusual_name_is_found_again(self, tiny_artifact, write_slice, tmp_path, name):
        path = write_slice(tmp_path / "slices" / name)
        predict(tiny_artifact, path, out=tmp_path / "answers.csv")
        assert read_rows(tmp_path / "answers.csv")[1][0] == str(path)

    def test_name_that_is_not_utf8_is_answered_and_written(self, tiny_artifact, slices, tmp_path):
        name = Path(os.fsdecode(os.fsencode(slices) + b"/Y\xfcz.png"))
        shutil.copy(slices / "a.png", name)
        predict(tiny_artifact, name, out=tmp_path / "answers.csv", overlays=tmp_path / "overlays")
        assert (tmp_path / "answers.csv").read_bytes().count(b"\n") == 2

    def test_old_table_stays_when_the_work_is_broken_off(self, tiny_artifact, slices, tmp_path):
        out = tmp_path / "results" / "answers.csv"
        out.parent.mkdir()
        old = "path,series,slice,probability,verdict,reason\n"  # of an earlier version
        out.write_text(old)

        def break_off(*_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            predict(tiny_artifact, slices, out=out, on_progress=break_off)
        assert out.read_text() == old
        assert list(out.parent.iterdir()) == [out]

    def test_folder_in_place_of_the_table_is_an_input_error(self, tiny_artifact, slices, tmp_path):
        (tmp_path / "answers").mkdir()
        with pytest.raises(InputError, match="answers"):
            predict(tiny_artifact, slices, out=tmp_path / "answers")


class TestOverlays:
    def test_one_picture_per_answer_and_none_overwritten(self, tiny_artifact, slices, tmp_path):
        overlays = tmp_path / "new" / "overlays"
        answers, _ = predict(tiny_artifact, slices, overlays=overlays)
        pictures = sorted(overlays.glob("*.png"))
        assert len(pictures) == len(answers) == 3
        assert [picture.name.partition(" ")[2] for picture in pictures] == [
            "a.png", "c.png", "a.png"
        ]  # fmt: skip
        for picture in pictures:
            with Image.open(picture) as image:
                image.load()
                assert image.width > 600

    def test_longest_possible_name_gets_a_picture(self, tiny_artifact, write_slice, tmp_path):
        path = write_slice(tmp_path / "slices" / ("脑" * 83 + ".png"))
        predict(tiny_artifact, path, overlays=tmp_path / "overlays")
        assert len(list((tmp_path / "overlays").glob("*.png"))) == 1

    def test_nothing_half_written_is_left(self, tiny_artifact, slices, tmp_path, monkeypatch):
        class Broken:
            def save(self, path: Path, **_: object) -> None:
                path.write_bytes(b"half")
                raise OSError("no space left")

        monkeypatch.setattr("tumorscope.inference.prediction.draw_overlay", lambda *_: Broken())
        with pytest.raises(OSError, match="no space left"):
            predict(tiny_artifact, slices, tmp_path / "answers.csv", tmp_path / "overlays")
        assert [path.name for path in tmp_path.iterdir()] == ["slices"]

    def test_earlier_overlays_are_replaced_and_nothing_else_is(
        self, tiny_artifact, slices, tmp_path
    ):
        overlays = tmp_path / "overlays"
        predict(tiny_artifact, slices, overlays=overlays)
        predict(tiny_artifact, slices / "a.png", overlays=overlays)
        assert [path.name for path in overlays.glob("*.png")] == ["00001 a.png"]
        (overlays / "mine.png").touch()
        for place, message in (
            (overlays, "other files than tumorscope predict wrote, such as mine"),
            (slices / "overlays", "lies in .*slices, which is read"),
            (tiny_artifact / "overlays", "lies in .*model, which is read"),
        ):
            with pytest.raises(InputError, match=message):
                predict(tiny_artifact, slices, overlays=place)
        assert (overlays / "mine.png").exists()

    def test_a_table_among_the_pictures_is_refused(self, tiny_artifact, slices, tmp_path):
        with pytest.raises(InputError, match="which is for pictures alone; put it beside"):
            predict(tiny_artifact, slices, tmp_path / "o" / "answers.csv", tmp_path / "o")
