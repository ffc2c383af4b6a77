"""Commands that learn and measure read the volumes that `predict` reads."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from scan_files import make_nifti, make_series
from tumorscope.dataset.manifest import read_manifest, write_table
from tumorscope.errors import InputError
from tumorscope.recipe import load_recipe
from tumorscope.workflows.crossval.command import crossval
from tumorscope.workflows.evaluate.command import evaluate
from tumorscope.workflows.explain.command import explain
from tumorscope.workflows.explain.localize import localize
from tumorscope.workflows.predict.command import predict

pytestmark = pytest.mark.usefixtures("blank_figures")

SLICES = 6
SMALL = ("data.validation_fraction=0.5",)


@pytest.fixture
def heads(tmp_path):
    """Four volumes of noise in each class; those with a tumor are brighter, one is a series."""
    for label, name in enumerate(("no", "yes")):
        folder = tmp_path / "heads" / name
        folder.mkdir(parents=True)
        for number in range(4):
            generator = np.random.default_rng(10 * label + number)
            volume = generator.integers(0, 1000, (40, 48, SLICES)) + 1000 * label
            volume[:4], volume[-4:] = 0, 2000
            if number < 3:
                (folder / f"{number}.nii").write_bytes(make_nifti(np.int16(volume)))
                continue
            for at, data in enumerate(make_series(np.uint16(volume.transpose(2, 0, 1)))):
                (folder / f"IM{at}").write_bytes(
                    data.replace(b"1.2.3", f"1.2.{label}".encode()).replace(
                        b"secret-4711", f"secret-471{label}".encode()
                    )
                )
    return tmp_path / "heads"


def read(path):
    return pd.read_csv(path)


class TestCrossval:
    @pytest.mark.slow
    def test_names_slices_by_their_files_and_keeps_heads_whole(self, trainer, heads, tmp_path):
        cv = crossval(heads, tmp_path / "cv", folds=2, overrides=SMALL)
        answers = read(cv / "predictions.csv")
        assert answers["path"].str.startswith(f"{heads}/").all()
        assert answers["path"].str.extract(r"(#\d+|/IM\d)$")[0].notna().all()
        assert (answers.groupby("series")["fold"].nunique() == 1).all()
        assert len(read(cv / "series.csv")) == 8
        assert all(path.startswith(str(cv / "slices")) for path in trainer.asked[0]["path"])
        for path in cv.rglob("*"):
            if path.is_file():
                assert b"secret-471" not in path.read_bytes()

    @pytest.mark.slow
    def test_goes_on_with_the_slices_of_the_run_where_the_volumes_are_gone(
        self, trainer, heads, tmp_path
    ):
        trainer.fails_at = 2
        with pytest.raises(Exception, match="no memory left"):
            crossval(heads, tmp_path / "cv", folds=2, overrides=SMALL)
        shutil.rmtree(heads)
        cv = crossval(heads, tmp_path / "cv", folds=2, overrides=SMALL, resume=True)
        assert len(read(cv / "predictions.csv")) == 8 * SLICES

    @pytest.mark.usefixtures("trainer")
    def test_begins_anew_where_the_data_were_refused_before(self, heads, tmp_path):
        cv = tmp_path / "cv"
        with pytest.raises(InputError, match="too few"):
            crossval(heads, cv, folds=5, overrides=SMALL)
        salt = (cv / "salt").read_text()
        crossval(heads, cv, folds=2, overrides=SMALL)
        assert (cv / "salt").read_text() == salt

    @pytest.mark.usefixtures("trainer")
    @pytest.mark.parametrize("resume", [False, True])
    def test_never_takes_another_folder_of_slices_for_its_own(self, heads, tmp_path, resume):
        own = tmp_path / "out" / "slices" / "yes" / "mine.png"
        own.parent.mkdir(parents=True)
        own.write_bytes(b"mine")
        with pytest.raises(InputError, match=r"out: (not empty|holds slices and no run)"):
            crossval(heads, tmp_path / "out", folds=2, overrides=SMALL, resume=resume)
        assert own.read_bytes() == b"mine"


class TestEvaluate:
    def test_answers_are_those_of_predict_by_the_same_names(self, tiny_artifact, heads, tmp_path):
        metrics = evaluate(tiny_artifact, heads, tmp_path / "results")
        assert metrics["with_copies"]["slices"] == 8 * SLICES
        assert metrics["with_copies"]["groups"] == 8
        table = read(tmp_path / "results/predictions.csv").set_index("path")["probability"]
        predict(heads, tmp_path / "answers.csv", tiny_artifact)
        answers = read(tmp_path / "answers.csv")
        expected = answers[answers["slice"].notna()].set_index("path")["probability"].dropna()
        assert len(expected) > SLICES
        pd.testing.assert_series_equal(table.loc[expected.index], expected)
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "answers.csv", "heads", "results"
        ]  # fmt: skip
        assert ".partial-" not in (tmp_path / "results/metrics.json").read_text()

    def test_whole_series_are_answered_as_predict_does(self, tiny_artifact, heads, tmp_path):
        metrics = evaluate(tiny_artifact, heads, tmp_path / "results")
        predict(heads, tmp_path / "answers.csv", tiny_artifact)
        answers = read(tmp_path / "answers.csv")
        expected = answers[answers["slice"].isna()]
        series = read(tmp_path / "results/series.csv")
        columns = ["probability", "verdict", "assessed", "of"]
        assert sorted(series[columns].round(6).itertuples(index=False, name=None)) == sorted(
            expected[columns].round(6).itertuples(index=False, name=None)
        )
        figures = metrics["clean"]["series"]
        assert (figures["tumor"], figures["no_tumor"], figures["groups"]) == (4, 4, 8)
        assert figures["slices"] == {
            "assessed": expected["assessed"].sum(), "of": expected["of"].sum()
        }  # fmt: skip

    def test_answers_of_another_model_are_found_by_these_names(
        self, tiny_artifact, heads, tmp_path
    ):
        predict(heads, tmp_path / "answers.csv", tiny_artifact)
        answers = read(tmp_path / "answers.csv").assign(probability=0.25)
        write_table(tmp_path / "answers.csv", answers[answers["slice"].notna()])
        out = tmp_path / "results"
        metrics = evaluate(tiny_artifact, heads, out, predictions=tmp_path / "answers.csv")
        assert metrics["with_copies"]["accuracy"] == 0.5

    def test_volumes_are_divided_by_the_columns_of_their_rows(self, tiny_artifact, heads, tmp_path):
        rows = [f"{name}/{n}.nii,{name},{n % 2}" for name in ("no", "yes") for n in range(3)]
        (heads / "all.csv").write_text("\n".join(["path,label,scanner", *rows]))
        out = tmp_path / "results"
        metrics = evaluate(tiny_artifact, heads / "all.csv", out, by=["scanner"])
        counts = {name: part["slices"] for name, part in metrics["subgroups"]["scanner"].items()}
        assert counts == {"0": 4 * SLICES, "1": 2 * SLICES}


class TestExplain:
    def test_a_run_names_slices_by_their_files(self, tiny_artifact, heads, tmp_path):
        run = tmp_path / "run"
        shutil.copytree(tiny_artifact, run / "model")
        (run / "recipe.yaml").write_text(load_recipe("notebook").to_yaml())
        manifest, _ = read_manifest(heads, home=run)
        write_table(run / "manifest.csv", manifest.assign(split="validation"))
        explain(run, count=4)
        regions = json.loads((run / "explanations/regions.json").read_text())["regions"]
        assert len(regions) == 4
        assert all(name.startswith(("yes/", "no/")) for name in regions)

    def test_volumes_are_measured_against_their_own_masks(self, tiny_artifact, heads, tmp_path):
        lesion = np.zeros((40, 48, SLICES), np.uint8)
        lesion[10:30, 10:30, 2:4] = 1
        (heads / "mask.nii").write_bytes(make_nifti(lesion))
        (heads / "all.csv").write_text("path,label,mask\nyes/0.nii,yes,mask.nii\nno/0.nii,no,\n")
        localize(tiny_artifact, heads / "all.csv", None, tmp_path / "out")
        named = set(read(tmp_path / "out/localization.csv")["path"])
        assert named == {f"{heads}/yes/0.nii#00{at}" for at in (2, 3)}

    def test_without_any_mask_it_says_where_to_give_them(self, tiny_artifact, heads, tmp_path):
        with pytest.raises(InputError, match="names no masks in a column 'mask'"):
            localize(tiny_artifact, heads, None, tmp_path / "out")
