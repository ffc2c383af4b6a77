import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import KNOWN_CODES_FILE
from tumorscope.artifact.writer import write_artifact
from tumorscope.copies.known import compute_file_codes
from tumorscope.errors import InputError
from tumorscope.phantoms import draw_phantom
from tumorscope.workflows.evaluate.command import evaluate

pytestmark = pytest.mark.usefixtures("blank_figures")


@pytest.fixture
def labelled(write_slice, tmp_path):
    """Three dark slices without and three bright ones with a tumor: the tiny model is right."""
    for index in range(3):
        write_slice(tmp_path / "data" / "no" / f"{index}.png", 20 + index)
        write_slice(tmp_path / "data" / "yes" / f"{index}.png", 150 + index)
    (tmp_path / "data" / "no" / "bad.png").touch()
    return tmp_path / "data"


@pytest.fixture
def phantoms(tmp_path):
    """Twelve synthetic slices of each class, in a folder."""
    for label, name in enumerate(("no", "yes")):
        (tmp_path / "phantoms" / name).mkdir(parents=True)
        for index in range(12):
            phantom = draw_phantom(seed=9, index=2 * index + label, has_tumor=bool(label))
            Image.fromarray(phantom.image_hw).save(tmp_path / "phantoms" / name / f"{index}.png")
    return tmp_path / "phantoms"


def list_all(folder):
    return sorted(folder.rglob("*"))


def know(artifact, paths, folder):
    """Copy an artifact and make it know some slices."""
    shutil.copytree(artifact, folder)
    np.save(folder / KNOWN_CODES_FILE, compute_file_codes([str(path) for path in paths], ""))
    write_artifact(folder, read_artifact(artifact))
    return folder


class TestExternalData:
    @pytest.mark.slow
    def test_are_measured_and_written(self, tiny_artifact, labelled, tmp_path):
        out = tmp_path / "results"
        metrics = evaluate(tiny_artifact, labelled, out)
        assert metrics["clean"]["accuracy"] == 1
        assert metrics["clean"]["slices"] == 6
        assert metrics["copies"] == {"slices": 0, "of": 6}
        assert json.loads((out / "metrics.json").read_text())["clean"]["accuracy"] == 1
        predictions = pd.read_csv(out / "predictions.csv")
        assert predictions["correct"].all()
        assert not predictions["is_known"].any()
        assert len(pd.read_csv(out / "rejected.csv")) == 1
        assert (out / "reliability.png").exists()
        evaluate(tiny_artifact, labelled, out)  # replaces an earlier evaluation

    def test_what_the_guard_refuses_is_told_and_counts_all_the_same(
        self, tiny_artifact, labelled, tmp_path
    ):
        flag = np.zeros((60, 60, 3), np.uint8)
        flag[:30, :, 0], flag[30:, :, 2] = 255, 255
        Image.fromarray(flag).save(labelled / "yes" / "flag.png")
        metrics = evaluate(tiny_artifact, labelled, tmp_path / "results")
        for figures in (metrics["clean"], metrics["with_copies"]):
            assert figures["slices"] == figures["guard"]["slices"] == 7
            assert figures["guard"]["refused"] == 1
        table = pd.read_csv(tmp_path / "results" / "predictions.csv")
        refused = table[table["reason"].notna()]
        assert refused["path"].str.endswith("flag.png").tolist() == [True]
        assert refused["reason"].tolist() == ["100 % of it is in color"]
        assert refused["verdict"].tolist() == ["not assessable"]
        assert refused["probability"].notna().all()

    @pytest.mark.slow
    def test_copies_of_known_slices_are_left_out(self, tiny_artifact, phantoms, tmp_path):
        known = [phantoms / name / f"{index}.png" for name in ("no", "yes") for index in range(4)]
        model = know(tiny_artifact, known, tmp_path / "model")
        for path in known:  # what is measured are turned and re-scaled copies of them
            image = cv2.imread(str(path))
            cv2.imwrite(str(path), cv2.resize(image[:, ::-1], None, fx=0.8, fy=0.7))
        metrics = evaluate(model, phantoms, tmp_path / "results")
        assert metrics["copies"] == {"slices": 8, "of": 24}
        assert metrics["clean"]["slices"] == 16
        assert metrics["with_copies"]["slices"] == 24
        assert not metrics["is_enough"]  # eight groups of each class are not
        table = pd.read_csv(tmp_path / "results" / "predictions.csv").set_index("path")
        assert table.loc[[str(path.resolve()) for path in known], "is_known"].all()
        clean = table[~table["is_known"]]
        assert metrics["clean"]["accuracy"] == clean["correct"].mean()

    @pytest.mark.slow
    def test_a_copy_of_a_copy_goes_with_its_group(self, tiny_artifact, phantoms, tmp_path):
        model = know(tiny_artifact, [phantoms / "no" / "0.png"], tmp_path / "model")
        image = cv2.imread(str(phantoms / "no" / "0.png"))
        cv2.imwrite(str(phantoms / "no" / "copy.png"), image[14:, 10:-12])
        metrics = evaluate(model, phantoms, tmp_path / "results")
        assert metrics["copies"]["slices"] == 2

    @pytest.mark.slow
    def test_nothing_but_copies_gives_no_figure(self, tiny_artifact, phantoms, tmp_path):
        model = know(tiny_artifact, sorted(phantoms.rglob("*.png")), tmp_path / "model")
        metrics = evaluate(model, phantoms, tmp_path / "results")
        assert metrics["clean"] is None
        assert not metrics["is_enough"]
        assert metrics["copies"] == {"slices": 24, "of": 24}
        assert not (tmp_path / "results" / "roc.png").exists()

    @pytest.mark.slow
    def test_enough_groups_are_enough(self, tiny_artifact, phantoms, tmp_path):
        metrics = evaluate(tiny_artifact, phantoms, tmp_path / "results")
        assert metrics["is_enough"]
        assert metrics["clean"]["per_group"]["groups"] == 24
        sizes = metrics["subgroups"]["size"]
        assert sum(subgroup["slices"] for subgroup in sizes.values()) == 24

    @pytest.mark.slow
    def test_columns_of_a_table_make_subgroups(self, tiny_artifact, labelled, tmp_path):
        (labelled / "slices.csv").write_text(
            "path,label,plane,scanner\n"
            + "".join(
                f"{name}/{index}.png,{name},{'axial' if index else ''},S{index}\n"
                for name in ("no", "yes")
                for index in range(3)
            )
        )
        out = tmp_path / "results"
        metrics = evaluate(tiny_artifact, labelled / "slices.csv", out, by=["scanner"])
        subgroups = metrics["subgroups"]
        assert list(subgroups) == ["size", "plane", "scanner"]
        assert {name: value["slices"] for name, value in subgroups["plane"].items()} == {
            "axial": 4,
            "unknown": 2,
        }
        assert [value["accuracy"] for value in subgroups["scanner"].values()] == [1, 1, 1]
        assert set(pd.read_csv(out / "predictions.csv")["scanner"]) == {"S0", "S1", "S2"}

    @pytest.mark.slow
    def test_column_of_the_name_of_an_answer_is_told_apart(self, tiny_artifact, labelled, tmp_path):
        rows = [f"{name}/{n}.png,{name},pain" for name in ("no", "yes") for n in range(3)]
        (labelled / "slices.csv").write_text("\n".join(["path,label,reason", *rows]))
        out = tmp_path / "results"
        metrics = evaluate(tiny_artifact, labelled / "slices.csv", out, by=["reason"])
        assert list(metrics["subgroups"]["reason"]) == ["pain"]
        predictions = pd.read_csv(out / "predictions.csv")
        assert predictions["reason"].isna().all()
        assert (predictions["reason of the data"] == "pain").all()


class TestForeignPredictions:
    def test_are_measured_like_ones_own(self, tiny_artifact, labelled, tmp_path):
        table = labelled / "other.csv"
        table.write_text(
            "path,probability\n"
            "no/0.png,0.1\nno/1.png,0.7\nno/2.png,0.2\nyes/0.png,0.9\nyes/1.png,0.8\nyes/2.png,0.6\n"
        )
        out = tmp_path / "results"
        metrics = evaluate(tiny_artifact, labelled, out, predictions=table)
        assert metrics["clean"]["accuracy"] == pytest.approx(5 / 6)
        assert metrics["clean"]["auroc"] == pytest.approx(8 / 9)
        assert not {"calibration", "guard"} & set(metrics["clean"])
        assert metrics["predictions"] == str(table)

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ("no/0.png,0.5", "no prediction for 5 of 6 slices, such as .*no/1.png"),
            ("no/0.png,0.5\nno/../no/0.png,0.4", "two predictions for .*no/0.png"),
            ("\n".join(f"{n}/{i}.png,1.5" for n in ("no", "yes") for i in range(3)), "within"),
            ("\n".join(f"{n}/{i}.png,high" for n in ("no", "yes") for i in range(3)), "numbers"),
        ],
    )
    def test_what_cannot_be_used_is_an_input_error(
        self, tiny_artifact, labelled, tmp_path, rows, message
    ):
        (labelled / "other.csv").write_text(f"path,probability\n{rows}\n")
        with pytest.raises(InputError, match=message):
            evaluate(tiny_artifact, labelled, tmp_path / "out", predictions=labelled / "other.csv")
        assert not (tmp_path / "out").exists()

    def test_missing_column_and_missing_file(self, tiny_artifact, labelled, tmp_path):
        (labelled / "other.csv").write_text("file,probability\n")
        with pytest.raises(InputError, match="column 'path' is missing; found"):
            evaluate(tiny_artifact, labelled, tmp_path / "o", predictions=labelled / "other.csv")
        with pytest.raises(InputError, match=r"gone\.csv"):
            evaluate(tiny_artifact, labelled, tmp_path / "o", predictions=labelled / "gone.csv")


class TestArguments:
    def test_neither_data_nor_model_is_replaced(self, tiny_artifact, labelled):
        before = list_all(labelled.parent)
        for out in (labelled, labelled.parent, labelled / "results", tiny_artifact):
            with pytest.raises(InputError, match="which is read; choose another folder"):
                evaluate(tiny_artifact, labelled, out)
        assert list_all(labelled.parent) == before

    @pytest.mark.usefixtures("labelled")
    @pytest.mark.parametrize("name", ["cv", "data"])
    def test_a_metrics_file_makes_no_evaluation_of_a_folder(self, tiny_artifact, tmp_path, name):
        """A cross-validation has one, too, and so may the labelled slices."""
        folder = tmp_path / name
        (folder / "folds").mkdir(parents=True)
        (folder / "metrics.json").write_text("{}")
        (folder / "folds" / "predictions.csv").write_text("path\n")
        data = tmp_path / "slices.csv"
        rows = [f"{path},{path.parent.name}" for path in sorted(tmp_path.rglob("[0-9].png"))]
        data.write_text("\n".join(["path,label", *rows]))
        before = list_all(tmp_path)
        with pytest.raises(InputError, match=f"{name}: holds other files, or what an earlier"):
            evaluate(tiny_artifact, data, folder)
        assert list_all(tmp_path) == before

    @pytest.mark.slow
    def test_an_earlier_evaluation_is_replaced_unless_something_was_added(
        self, tiny_artifact, labelled, tmp_path
    ):
        for _ in range(2):
            evaluate(tiny_artifact, labelled, tmp_path / "results")
        (tmp_path / "results" / "notes.txt").write_text("mine")
        with pytest.raises(InputError, match=r"other files .*such as notes\.txt"):
            evaluate(tiny_artifact, labelled, tmp_path / "results")
        assert (tmp_path / "results" / "notes.txt").read_text() == "mine"

    def test_file_in_place_of_the_folder_is_an_input_error(self, tiny_artifact, labelled, tmp_path):
        (tmp_path / "results").write_text("a file")
        with pytest.raises(InputError, match="results"):
            evaluate(tiny_artifact, labelled, tmp_path / "results")

    def test_out_is_required_with_data(self, tiny_artifact, labelled):
        with pytest.raises(InputError, match="--out FOLDER"):
            evaluate(tiny_artifact, labelled)

    def test_subgroups_and_predictions_need_data(self, tiny_artifact):
        with pytest.raises(InputError, match="--by and --predictions are for other data"):
            evaluate(tiny_artifact, by=["plane"])

    def test_artifact_has_no_validation_part(self, tiny_artifact):
        with pytest.raises(InputError, match="not a run folder, so it has no validation part"):
            evaluate(tiny_artifact)

    @pytest.mark.slow
    def test_a_column_that_is_not_there_or_no_category_is_an_input_error(
        self, tiny_artifact, labelled, write_slice, tmp_path
    ):
        with pytest.raises(InputError, match="no column 'plane'"):
            evaluate(tiny_artifact, labelled, tmp_path / "out", by=["plane"])
        rows = [f"no/{index}.png,no,{index}" for index in range(30)]
        for index in range(30):
            write_slice(labelled / "no" / f"{index}.png", 20 + index)
        (labelled / "slices.csv").write_text(
            "\n".join(["path,label,age", *rows, "yes/0.png,yes,1"])
        )
        with pytest.raises(InputError, match="'age' has 30 different values"):
            evaluate(tiny_artifact, labelled / "slices.csv", tmp_path / "out", by=["age"])
