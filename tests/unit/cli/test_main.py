import json
import os
import shutil
import struct
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest

import tumorscope
from scan_files import make_nifti, make_zip
from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import ConformalSpec
from tumorscope.artifact.writer import write_artifact
from tumorscope.errors import Alarm, InputError, MissingExtraError
from tumorscope.provenance import RESEARCH_USE_ONLY


@pytest.fixture
def slices(write_slice, tmp_path):
    """Two slices and one file that is no image."""
    write_slice(tmp_path / "slices" / "dark.png", 20)
    write_slice(tmp_path / "slices" / "light.png", 120)
    (tmp_path / "slices" / "bad.png").write_bytes(b"no image")
    return tmp_path / "slices"


@pytest.fixture
def record(monkeypatch):
    """Put into the place of a workflow what lists its arguments, and gives a path."""

    def put(name: str) -> list[tuple[object, ...]]:
        calls = []

        def record(*arguments: object, on_progress: object, **named: object) -> Path:
            assert callable(on_progress)
            calls.append((*arguments, *named.items()))
            return Path("run")

        monkeypatch.setattr(f"tumorscope.workflows.{name}.command.{name}", record)
        return calls

    return put


PREDICT_ALOUD = ("predict", "--model")
PREDICT = ("predict", "-q", "--model")


def assert_one_line_error(outcome, code: int, *parts: str) -> None:
    assert outcome.code == code
    assert outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("tumorscope: error: ")
    for part in parts:
        assert part in line


class TestGeneral:
    def test_version_is_the_one_of_the_package(self, run):
        assert run("--version") == (0, f"tumorscope {tumorscope.__version__}\n", "")

    @pytest.mark.parametrize(
        "command",
        ["audit", "train", "crossval", "compare", "evaluate", "explain", "predict", "phantom"],
    )
    def test_help_names_every_command_and_each_has_its_own(self, run, command):
        outcome = run("--help")
        assert outcome.code == 0
        assert command in outcome.out
        assert "Not a medical device" in " ".join(outcome.out.split())
        own = run(command, "--help")
        assert own.code == 0
        assert f"tumorscope {command}" in own.out

    @pytest.mark.parametrize(
        ("arguments", "part"),
        [
            (["no-such-command"], "no-such-command"),
            (["predict"], "'scans'"),
            (["predict", "m", "i", "--no-such-option"], "--no-such-option"),
            (["explain", "r", "--count", "0"], "--count"),
            (["explain", "r", "--count", "many"], "integer"),
            (["train", "data"], "--out"),
        ],
    )
    def test_misuse_is_exit_code_2_and_names_the_argument(self, run, arguments, part):
        outcome = run(*arguments)
        assert outcome.code == 2
        assert part in outcome.err
        assert "Traceback" not in outcome.err


class TestErrors:
    def test_bad_input_is_one_line_that_names_the_file(self, run, tiny_artifact, tmp_path):
        outcome = run(*PREDICT, tiny_artifact, tmp_path / "gone.png")
        assert_one_line_error(outcome, 2, "gone.png: no such file or folder")

    def test_progress_adds_nothing_to_the_error(self, run, tiny_artifact, tmp_path):
        outcome = run(*PREDICT_ALOUD, tiny_artifact, tmp_path / "gone.png")
        assert outcome.code == 2
        assert "tumorscope: error: " in outcome.err
        assert outcome.err.strip().count("\n") == 0

    def test_missing_model_is_one_line(self, run, slices):
        assert_one_line_error(run(*PREDICT, slices, slices), 2, "slices: no model here")

    def test_damaged_model_is_one_line_that_names_the_file(
        self, run, tiny_artifact, slices, tmp_path
    ):
        model = Path(shutil.copytree(tiny_artifact, tmp_path / "model"))
        (model / "model.bin").write_bytes(b"x")
        assert_one_line_error(run(*PREDICT, model, slices), 2, "model.bin: changed since")

    def test_unknown_recipe_setting_is_one_line_with_the_nearest(self, run, tmp_path):
        arguments = (
            "train",
            "-q",
            tmp_path,
            "--out",
            tmp_path / "run",
            "--set",
            "training.epoch=3",
        )
        assert_one_line_error(
            run(*arguments), 2, "training.epoch is not a setting; did you mean 'training.epochs'?"
        )
        assert not (tmp_path / "run").exists()

    def test_malformed_recipe_is_one_line(self, run, tmp_path):
        (tmp_path / "r.yaml").write_text("a: [\nb: }")
        arguments = ("train", "-q", tmp_path, "--out", tmp_path / "run", "--recipe")
        assert_one_line_error(run(*arguments, tmp_path / "r.yaml"), 2, "r.yaml: not valid YAML")

    def test_name_with_a_line_feed_stays_on_one_line(self, run, tiny_artifact, tmp_path):
        assert_one_line_error(run(*PREDICT, tiny_artifact, tmp_path / "a\nb.png"), 2)

    def test_place_that_cannot_be_written_is_one_line(self, run, tiny_artifact, slices, tmp_path):
        (tmp_path / "results").mkdir()
        outcome = run(
            "predict",
            "-q",
            "--model",
            tiny_artifact,
            slices / "dark.png",
            "--out",
            tmp_path / "results",
        )
        assert outcome.code in (1, 2)
        assert "results" in outcome.err
        assert len(outcome.err.splitlines()) == 1

    def test_file_in_place_of_a_folder_is_one_line(self, run, tiny_artifact, slices, tmp_path):
        (tmp_path / "file").write_text("x")
        outcome = run(
            "predict",
            "-q",
            "--model",
            tiny_artifact,
            slices / "dark.png",
            "--overlays",
            tmp_path / "file",
        )
        assert outcome.code in (1, 2)
        assert len(outcome.err.splitlines()) == 1

    def test_missing_extra_is_exit_code_1(self, run, monkeypatch):
        def fail(*_: object, **__: object) -> None:
            raise MissingExtraError("Drawing phantoms", "train")

        monkeypatch.setattr("tumorscope.workflows.phantom.phantom", fail)
        assert_one_line_error(run("phantom", "-q", "x"), 1, "pip install '.[train]'")

    def test_debug_shows_the_traceback(self, run, tiny_artifact, tmp_path):
        with pytest.raises(InputError, match="no such file"):
            run("--debug", *PREDICT, tiny_artifact, tmp_path / "gone.png")


class TestPredict:
    def test_an_image_of_absurd_size_is_one_line_without_a_warning(
        self, run, tiny_artifact, tmp_path
    ):
        header = struct.pack("<IiiHHIIiiII", 40, 9_500, 9_500, 1, 24, 0, 0, 0, 0, 0, 0)
        huge = tmp_path / "huge.bmp"
        huge.write_bytes(b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header)
        outcome = run(*PREDICT_ALOUD, tiny_artifact, huge, "--json", "--quiet")
        assert outcome.code == 2
        (line,) = outcome.err.splitlines()
        assert line.startswith(f"{huge}: 9500 x 9500 px")

    def test_bad_file_is_exit_code_2_and_the_others_are_answered(self, run, tiny_artifact, slices):
        outcome = run(*PREDICT_ALOUD, tiny_artifact, slices)
        assert outcome.code == 2
        assert "bad.png: content of no known format" in outcome.err
        assert "Traceback" not in outcome.err
        assert RESEARCH_USE_ONLY in " ".join(outcome.err.split())
        flat = outcome.out.replace("\n", "").partition("verdict")[2]  # below what names the model
        assert "no tumor" in flat
        assert flat.count("tumor") == 2

    def test_a_name_that_the_terminal_cannot_show_is_escaped(
        self, run, tiny_artifact, write_slice, tmp_path, monkeypatch
    ):
        write_slice(tmp_path / "good \N{SNOWMAN}.png")
        (tmp_path / os.fsdecode(b"bad \xff.png")).write_bytes(b"no image")
        out, err = (TextIOWrapper(BytesIO(), "cp1252", write_through=True) for _ in range(2))
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert run(*PREDICT_ALOUD, tiny_artifact, tmp_path).code == 2
        assert b"good \\u2603.png\n" in out.buffer.getvalue()
        assert b"bad \\udcff.png: content of no known format" in err.buffer.getvalue()

    @pytest.mark.parametrize("option", ["--out", "--overlays"])
    def test_results_that_cannot_be_written_are_one_line(
        self, run, tiny_artifact, slices, tmp_path, option
    ):
        file = tmp_path / "file"
        file.write_text("kept")
        outcome = run(*PREDICT, tiny_artifact, slices / "dark.png", option, file / "results")
        assert outcome.code == 2
        (line,) = outcome.err.splitlines()
        assert line.startswith(f"tumorscope: error: {file / 'results'}")
        assert line.endswith("cannot be written: on the way to it is a file")
        assert file.read_text() == "kept"

    def test_good_files_are_exit_code_0(self, run, tiny_artifact, slices):
        assert run(*PREDICT_ALOUD, tiny_artifact, slices / "dark.png").code == 0

    @pytest.mark.parametrize("quiet", [[], ["-q"]])
    def test_json_is_all_that_stands_on_stdout(self, run, tiny_artifact, slices, quiet):
        outcome = run(*PREDICT_ALOUD, tiny_artifact, slices, "--json", *quiet)
        assert outcome.code == 2
        document = json.loads(outcome.out)
        unreadable = document.pop(0)
        assert unreadable.keys() == {"path", "verdict", "reason"}
        assert (Path(unreadable["path"]).name, unreadable["verdict"]) == ("bad.png", "unreadable")
        assert "content of no known format" in unreadable["reason"]
        assert [Path(answer["path"]).name for answer in document] == ["dark.png", "light.png"]
        assert [answer["verdict"] for answer in document] == ["no tumor", "tumor"]
        assert document[0].keys() == {
            *("path", "series", "slice", "probability", "verdict", "reason", "note", "region"),
            *("known", "model", "fingerprint", "threshold", "version"),
        }
        assert document[0]["region"] is None
        assert document[1]["region"]["name"] == "region that drove the decision"
        assert document[1]["region"]["box"].keys() == {"top", "left", "height", "width"}
        assert "bad.png" in outcome.err

    @pytest.mark.parametrize(
        ("arguments", "verdict"),
        [([], "tumor"), (["--operating-point", "youden"], "uncertain")],
    )
    def test_operating_point_is_applied(
        self, run, tiny_artifact, write_slice, tmp_path, arguments, verdict
    ):
        path = write_slice(tmp_path / "a.png", 68)  # 0.56: tumor from 0.5 on, but not from 0.6
        (answer,) = json.loads(run(*PREDICT_ALOUD, tiny_artifact, "--json", path, *arguments).out)
        assert answer["verdict"] == verdict
        assert verdict in run(*PREDICT_ALOUD, tiny_artifact, path, *arguments).out

    def test_unknown_operating_point_is_one_line(self, run, tiny_artifact, slices):
        outcome = run(*PREDICT, tiny_artifact, slices, "--operating-point", "best")
        assert_one_line_error(outcome, 2, "no operating point 'best'; choose half or youden")

    def test_what_was_left_out_stands_beside_the_verdict_of_a_series(
        self, run, tiny_artifact, tmp_path
    ):
        head = np.zeros((40, 36, 3, 2), np.float32)
        head[4:36, 4:32] = np.linspace(60, 200, 28)[:, np.newaxis, np.newaxis]
        (tmp_path / "a.nii").write_bytes(make_nifti(head))
        _, *slices, series = run(*PREDICT, tiny_artifact, tmp_path / "a.nii").out.splitlines()
        assert series.endswith("; only volume 0 of 2 is answered; --volume chooses another")
        assert not [line for line in slices if "volume" in line]

    def test_json_says_what_could_not_be_read(self, run, tiny_artifact, tmp_path):
        (tmp_path / "empty.zip").write_bytes(make_zip({}))
        outcome = run(*PREDICT_ALOUD, tiny_artifact, tmp_path / "empty.zip", "--json", "-q")
        (said,) = json.loads(outcome.out)
        assert (said["verdict"], outcome.code) == ("unreadable", 2)

    def test_quiet_prints_the_table_only(self, run, tiny_artifact, slices):
        outcome = run(*PREDICT, tiny_artifact, slices / "light.png")
        assert outcome.err == ""
        assert "0.9" in outcome.out

    def test_files_are_written(self, run, tiny_artifact, slices, tmp_path):
        out, overlays = tmp_path / "answers.csv", tmp_path / "overlays"
        outcome = run(
            "predict", "--model", tiny_artifact, slices, "--out", out, "--overlays", overlays
        )
        assert outcome.code == 2
        assert outcome.out == ""
        assert len(out.read_text().splitlines()) == 3
        assert len(list(overlays.glob("*.png"))) == 2

    @pytest.mark.parametrize(
        "name", ["[bold]a[/bold].png", "scan :x: 1.png", "脑 ü.png", "[/].png"]
    )
    def test_name_is_printed_as_it_is(
        self, run, tiny_artifact, write_slice, tmp_path, monkeypatch, name
    ):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "200")
        write_slice(tmp_path / name)
        assert name in run(*PREDICT, tiny_artifact, name).out
        Path(name).write_bytes(b"bad")
        assert f"{name}: content of no known format" in run(*PREDICT, tiny_artifact, name).err

    def test_long_path_is_shown_in_full_on_a_narrow_terminal(
        self, run, tiny_artifact, write_slice, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "50")
        name = "0123456789" * 12 + ".png"
        write_slice(tmp_path / name)
        out = run(*PREDICT, tiny_artifact, name).out
        assert name in out

    def test_name_that_is_not_utf8_is_no_crash(self, run, tiny_artifact, write_slice, tmp_path):
        name = Path(os.fsdecode(os.fsencode(tmp_path) + b"/Y\xfcz.png"))
        shutil.copy(write_slice(tmp_path / "a.png"), name)
        assert run(*PREDICT, tiny_artifact, name).code == 0


class TestAlarm:
    @pytest.fixture
    def limited(self, tiny_artifact, tmp_path):
        """A model that can never say "tumor"."""
        model = shutil.copytree(tiny_artifact, tmp_path / "limited")
        spec = read_artifact(model)
        write_artifact(model, spec.model_copy(update={"conformal": ConformalSpec(tumor=0.4)}))
        return model

    def test_model_without_one_of_its_verdicts_is_told_last_even_if_quiet(
        self, run, limited, slices
    ):
        outcome = run(*PREDICT, limited, slices / "light.png")
        assert outcome.code == 0
        assert "uncertain" in outcome.out
        last = outcome.err.splitlines()[-1]
        assert last.startswith('ALARM: This model can never answer "tumor"')

    def test_good_model_raises_none(self, run, tiny_artifact, slices):
        assert "ALARM" not in run(*PREDICT, tiny_artifact, slices / "light.png").err

    def test_loading_it_in_python_warns(self, limited):
        with pytest.warns(Alarm, match='can never answer "tumor"'):
            tumorscope.load(limited)


class TestTrain:
    def test_target_sensitivity_is_short_for_its_setting(self, run, record):
        calls = record("train")
        given = ("train", "slices", "--out", "run", "--set", "seed=1")
        assert run(*given).code == 0
        assert run(*given, "--target-sensitivity", 0.97).code == 0
        overrides = [call[4] for call in calls]
        assert overrides == [["seed=1"], ["seed=1", "decision.target_sensitivity=0.97"]]

    def test_cross_validation_reaches_the_workflow(self, run, record):
        calls = record("train")
        given = ("train", "a", "b", "--out", "run", "--masks", "m", "--crossval", "cv")
        assert run(*given).code == 0
        paths = [Path("m")], Path("cv")
        named = ("negative", None), ("separate_patients", False)
        assert calls == [
            (["a", "b"], Path("run"), "default", None, [], "yes", *paths, False, *named)
        ]

    def test_classes_patients_and_what_is_left_out_reach_the_workflow(self, run, record):
        calls = record("crossval")
        given = ("crossval", "a", "--out", "cv", "--negative", "no,none", "--separate-patients")
        assert run(*given, "--leave-out", "site", "--masks", "m", "--masks", "n").code == 0
        assert calls[0][8] == [Path("m"), Path("n")]
        assert dict(calls[0][-3:]) == {
            "negative": "no,none", "separate_patients": True, "leave_out": "site",
        }  # fmt: skip

    def test_target_that_is_no_sensitivity_is_one_line(self, run, tmp_path):
        arguments = ("train", "-q", tmp_path, "--out", tmp_path / "run", "--target-sensitivity")
        for target in ("97", "0", "nan"):
            outcome = run(*arguments, target)
            assert_one_line_error(outcome, 2, "recipe default: decision.target_sensitivity")


class TestEvaluate:
    @pytest.mark.slow
    def test_json_is_all_that_stands_on_stdout(self, run, tiny_artifact, write_slice, tmp_path):
        for index in range(2):
            write_slice(tmp_path / "data" / "no" / f"{index}.png", 20 + index)
            write_slice(tmp_path / "data" / "yes" / f"{index}.png", 150 + index)
        outcome = run(
            "evaluate", tiny_artifact, tmp_path / "data", "--out", tmp_path / "results", "--json"
        )
        assert outcome.code == 0
        assert json.loads(outcome.out)["clean"]["slices"] == 4

    def test_model_folder_without_data_is_one_line(self, run, tiny_artifact):
        assert_one_line_error(run("evaluate", "-q", tiny_artifact), 2, "not a run folder")


class TestPhantom:
    @pytest.mark.slow
    def test_writes_the_number_asked_for(self, run, tmp_path):
        outcome = run("phantom", tmp_path / "slices", "--count", 2, "--seed", 3)
        assert outcome.code == 0
        assert outcome.out == ""
        assert "2 synthetic slices" in outcome.err
        assert len(list((tmp_path / "slices").glob("[yn]*/*.png"))) == 2

    def test_folder_with_files_is_one_line(self, run, tmp_path):
        (tmp_path / "mine.txt").touch()
        assert_one_line_error(run("phantom", "-q", tmp_path), 2, tmp_path.name)


class TestCrossval:
    def test_every_option_reaches_the_workflow(self, run, record):
        calls = record("crossval")
        outcome = run(
            *("crossval", "data", "--out", "cv", "--recipe", "notebook", "--folds", 3),
            *("--repeats", 2, "--backbone", "b", "--set", "seed=1", "--positive", "tumor"),
            *("--masks", "m", "--folds-file", "f.csv", "--jobs", 4, "--resume"),
        )
        assert calls == [(
            "data", Path("cv"), "notebook", 3, 2, "b", ["seed=1"], "tumor", [Path("m")],
            Path("f.csv"), 4, True,
            ("negative", None), ("separate_patients", False), ("leave_out", None),
        )]  # fmt: skip
        assert outcome.code == 0
        assert outcome.out == ""
        assert RESEARCH_USE_ONLY in " ".join(outcome.err.split())

    def test_several_sources_reach_the_workflow_together(self, run, record):
        for name in ("train", "crossval"):
            calls = record(name)
            assert run(name, "a", "b.csv", "--out", "x").code == 0
            assert [data for data, *_ in calls] == [["a", "b.csv"]]

    @pytest.mark.parametrize("option", [("--folds", 1), ("--repeats", 0), ("--jobs", 0)])
    def test_number_that_makes_no_sense_is_exit_code_2(self, run, option):
        assert run("crossval", "data", "--out", "cv", *option).code == 2

    def test_missing_data_is_one_line(self, run, tmp_path):
        arguments = ("crossval", "-q", tmp_path / "gone", "--out", tmp_path / "cv")
        assert_one_line_error(run(*arguments), 2, "gone: no such data")


class TestCompare:
    def test_unfinished_cross_validation_is_one_line(self, run, tmp_path):
        cv = tmp_path / "cv"
        cv.mkdir()
        outcome = run("compare", "-q", cv, cv, "--out", tmp_path / "out")
        assert_one_line_error(outcome, 2, "not a finished cross-validation")

    def test_json_is_all_that_stands_on_stdout(self, run, monkeypatch):
        result = {"first": "a", "second": "b"}
        monkeypatch.setattr("tumorscope.workflows.compare.compare", lambda *_: result)
        outcome = run("compare", "a", "b", "--out", "c", "--json")
        assert json.loads(outcome.out) == result
        assert "comparison.png" in outcome.err
