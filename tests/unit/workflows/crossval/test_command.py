import json
import shutil
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.errors import InputError, MissingExtraError, RecipeError, TumorscopeError
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.workflows.compare import compare
from tumorscope.workflows.crossval.command import crossval
from tumorscope.workflows.crossval.fold import find_fold_folder, read_parts
from tumorscope.workflows.train.command import train

SMALL = ("data.validation_fraction=0.25",)


@pytest.fixture
def cv(copy_finished):
    """A finished cross-validation: three folds, two repeats, whole groups."""
    return copy_finished(folds=3, repeats=2, overrides=SMALL)


def read(path) -> pd.DataFrame:
    return pd.read_csv(path)


class TestFolder:
    @pytest.mark.slow
    def test_it_is_complete(self, cv):
        names = """recipe.yaml environment.json manifest.csv rejected.csv folds.csv
            predictions.csv metrics.json report.html folds/repeat-0-fold-0/history.csv
            folds/repeat-1-fold-2/predictions.csv"""
        assert [name for name in names.split() if not (cv / name).is_file()] == []
        arguments = json.loads((cv / "environment.json").read_text())["arguments"]
        assert (arguments["folds"], arguments["repeats"]) == (3, 2)
        assert RESEARCH_USE_ONLY in (cv / "metrics.json").read_text()

    @pytest.mark.slow
    def test_every_slice_is_answered_for_once_per_repeat_by_the_model_of_its_fold(self, cv):
        predictions = read(cv / "predictions.csv")
        assert len(predictions) == 120
        assert not predictions.duplicated(["repeat", "slice"]).any()
        merged = predictions.merge(read(cv / "folds.csv"), on=["repeat", "slice"])
        assert (merged["fold_x"] == merged["fold_y"]).all()
        assert (merged["group_x"] == merged["group_y"]).all()
        assert predictions["slice"].str.fullmatch(r"(no|yes)/\d+\.png").all()
        row = predictions.iloc[50]
        fold = read(find_fold_folder(cv, row["repeat"], row["fold"]) / "predictions.csv")
        kept = fold[(fold["path"] == row["path"]) & (fold["part"] == "test")]
        assert kept["probability"].tolist() == [row["raw_probability"]]

    def test_metrics_hold_what_was_promised(self, cv):
        metrics = json.loads((cv / "metrics.json").read_text())
        assert metrics["split"] == "grouped"
        assert metrics["slices"] == 60
        assert metrics["groups"] == 56
        assert metrics["copies"] == {"slices": 0, "of": 120, "share": 0}
        assert [(row["repeat"], row["fold"]) for row in metrics["folds"]] == [
            (repeat, fold) for repeat in range(2) for fold in range(3)
        ]


class TestGuard:
    def test_what_it_refuses_is_told_and_counts_all_the_same(self, cv):
        predictions = read(cv / "predictions.csv")
        refused = predictions["reason"].notna()
        assert (refused == predictions["slice"].str.endswith("7.png")).all()
        metrics = json.loads((cv / "metrics.json").read_text())
        assert metrics["guard"]["slices"] == 120
        assert metrics["guard"]["refused"] == refused.sum() == 12
        assert metrics["guard"]["share"] == pytest.approx(0.9)
        by_group = (~refused).groupby(predictions["group"]).mean().mean()
        assert metrics["guard"]["per_group"]["share"] == pytest.approx(by_group)
        assert metrics["slices"] == 60
        assert "refuses 12 of 120 answers" in (cv / "report.html").read_text("utf-8")

    @pytest.mark.slow
    @pytest.mark.parametrize("pattern", ["repeat-0-fold-1", "*"])
    def test_folds_of_an_older_version_leave_the_share_out(self, cv, pattern):
        before = json.loads((cv / "metrics.json").read_text())
        for path in cv.glob(f"folds/{pattern}/predictions.csv"):
            read(path).drop(columns="reason").to_csv(path, index=False)
        crossval("unread", cv, folds=3, repeats=2, overrides=SMALL, resume=True)
        assert "reason" not in read(cv / "predictions.csv")
        after = json.loads((cv / "metrics.json").read_text())
        assert after == {name: value for name, value in before.items() if name != "guard"}
        assert "The guard" not in (cv / "report.html").read_text("utf-8")


class TestParts:
    """The proof that no test slice takes part in training, choice of epoch or calibration."""

    def test_trainer_never_sees_a_slice_of_the_fold_nor_a_copy_of_one(self, cv, trainer):
        folds = read(cv / "folds.csv")
        assert len(trainer.shown) == 6
        for shown, (_, rows) in zip(trainer.shown, folds.groupby(["repeat", "fold"]), strict=True):
            assert set(shown["split"]) == {"train", "validation"}
            assert len(shown) + len(rows) == 60
            assert not set(shown["sha256"]) & set(rows["sha256"])
            assert not set(shown["group"]) & set(rows["group"])
            assert shown.groupby("group")["split"].nunique().max() == 1

    @pytest.mark.usefixtures("cv")
    def test_model_is_asked_about_validation_and_test_slices_only(self, trainer):
        for shown, asked in zip(trainer.shown, trainer.asked, strict=True):
            training = set(shown.loc[shown["split"] == "train", "path"])
            assert len(training) + len(asked) == 60
            assert training.isdisjoint(asked["path"])

    @pytest.mark.slow
    def test_calibration_and_thresholds_do_not_change_with_the_test_part(self, cv):
        before = json.loads((cv / "metrics.json").read_text())["folds"]
        for path in cv.glob("folds/*/predictions.csv"):
            table = read(path)
            is_test = table["part"] == "test"
            table.loc[is_test, "probability"] = 1 - table.loc[is_test, "probability"]
            table.to_csv(path, index=False)
        crossval("unread", cv, folds=3, repeats=2, overrides=SMALL, resume=True)
        after = json.loads((cv / "metrics.json").read_text())["folds"]
        fitted = ("temperature", "thresholds", "conformal_limits")
        assert [[row[name] for name in fitted] for row in before] == [
            [row[name] for name in fitted] for row in after
        ]
        assert [row["accuracy"] for row in before] != [row["accuracy"] for row in after]

    @pytest.mark.slow
    def test_copy_that_crosses_folds_is_refused_before_any_training(
        self, trainer, labelled_slices, tmp_path
    ):
        data = tmp_path / "data"
        shutil.copytree(labelled_slices, data)
        overrides = [*SMALL, "data.split=random"]
        first = crossval(data, tmp_path / "random", folds=3, overrides=overrides)
        copies = json.loads((first / "metrics.json").read_text())["copies"]
        assert 0 < copies["slices"] <= 8
        trainer.shown.clear()
        with pytest.raises(InputError, match="copies or of one patient, yet in different folds"):
            crossval(data, tmp_path / "cv", overrides=SMALL, folds_file=first / "folds.csv")
        assert not trainer.shown
        assert not (tmp_path / "cv").exists()

    @pytest.mark.slow
    @pytest.mark.usefixtures("trainer")
    def test_random_folds_count_the_test_slices_with_a_copy_elsewhere(
        self, labelled_slices, tmp_path
    ):
        overrides = [*SMALL, "data.split=random"]
        cv = crossval(labelled_slices, tmp_path / "cv", folds=3, overrides=overrides)
        folds = read(cv / "folds.csv")
        expected = sum(
            1
            for row in folds.itertuples()
            if set(folds.loc[folds["group"] == row.group, "fold"]) != {row.fold}
        )
        copies = json.loads((cv / "metrics.json").read_text())["copies"]
        assert copies == {"slices": expected, "of": 60, "share": expected / 60}


class TestSeveralSources:
    @pytest.fixture
    def sources(self, labelled_slices, tmp_path):
        """Folders: old, of 60 slices; new, of 24 others and a mirrored copy of an old one."""
        old, new = tmp_path / "data" / "old", tmp_path / "data" / "new"
        shutil.copytree(labelled_slices, old)
        generator = np.random.default_rng(2)
        for name in ("no", "yes"):
            (new / name).mkdir(parents=True)
            for number in range(12):
                pixels = generator.integers(0, 256, (36, 36), np.uint8)
                Image.fromarray(pixels).save(new / name / f"{number}.png")
        with Image.open(old / "yes" / "5.png") as image:
            copy = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        copy.save(new / "yes" / "500.jpg", quality=90)
        return old, new

    @pytest.fixture
    def both(self, trainer, sources, tmp_path):  # noqa: ARG002 - stands in for the training
        return crossval(sources, tmp_path / "both", folds=3, repeats=2, overrides=SMALL)

    @pytest.mark.slow
    def test_every_figure_is_there_for_each_source(self, both):
        predictions = read(both / "predictions.csv")
        assert predictions["slice"].str.startswith(tuple(predictions["source"].unique())).all()
        metrics = json.loads((both / "metrics.json").read_text())
        assert metrics["slices"] == 85
        assert {name: summary["slices"] for name, summary in metrics["sources"].items()} == {
            "old": 60, "new": 25
        }  # fmt: skip
        of_new = predictions[predictions["source"] == "new"]
        right = (of_new["probability"] >= 0.5) == (of_new["label"] == 1)
        assert metrics["sources"]["new"]["accuracy"] == pytest.approx(right.mean())
        assert metrics["sources"]["new"]["per_group"]["groups"] == 25

    @pytest.mark.slow
    def test_copy_in_the_other_source_is_never_learned_from_when_its_original_is_tested(
        self, both, trainer
    ):
        folds = read(both / "folds.csv")
        pair = ["old/yes/5.png", "new/yes/500.jpg"]
        of_pair = folds[folds["slice"].isin(pair)]
        assert of_pair.groupby("repeat")["fold"].nunique().tolist() == [1, 1]
        parts = folds.groupby(["repeat", "fold"])
        for shown, asked, (_, rows) in zip(trainer.shown, trainer.asked, parts, strict=True):
            is_tested = set(pair) <= set(rows["slice"])
            learned = shown.loc[shown["path"].str.endswith(tuple(pair)), "split"]
            assert len(learned) == (0 if is_tested else 2)
            assert learned.nunique() < 2
            assert asked["path"].str.endswith(tuple(pair)).sum() in (0, 2)

    @pytest.mark.slow
    def test_folds_that_part_a_copy_from_its_original_are_refused(
        self, both, trainer, sources, tmp_path
    ):
        folds = read(both / "folds.csv")
        is_copy = folds["slice"] == "new/yes/500.jpg"
        folds["fold"] = folds["fold"].where(~is_copy, (folds["fold"] + 1) % 3)
        folds.to_csv(tmp_path / "parted.csv", index=False)
        trainer.shown.clear()
        with pytest.raises(InputError, match=r"new/yes/500\.jpg are copies or of one patient, yet"):
            crossval(sources, tmp_path / "cv", overrides=SMALL, folds_file=tmp_path / "parted.csv")
        assert not trainer.shown
        assert not (tmp_path / "cv").exists()

    @pytest.mark.slow
    def test_one_source_on_its_folds_is_compared_with_both(self, both, sources, tmp_path):
        alone = crossval(
            sources[0], tmp_path / "alone", overrides=SMALL, folds_file=both / "folds.csv"
        )
        assert "source" not in read(alone / "folds.csv")
        assert "sources" not in json.loads((alone / "metrics.json").read_text())
        comparison = compare(alone, both, tmp_path / "comparison")
        assert (comparison["first"], comparison["second"]) == ("alone", "both")
        assert (comparison["slices"], comparison["groups"]) == (60, 56)

    @pytest.mark.slow
    def test_resuming_keeps_the_sources(self, both, sources):
        before = (both / "metrics.json").read_bytes()
        crossval(sources, both, folds=3, repeats=2, overrides=SMALL, resume=True)
        assert (both / "metrics.json").read_bytes() == before


class TestSameAgain:
    @pytest.mark.slow
    def test_same_seed_gives_the_same_files_and_another_seed_other_folds(
        self, cv, labelled_slices, tmp_path
    ):
        again, other = (
            crossval(
                labelled_slices,
                tmp_path / f"seed {seed}",
                folds=3,
                repeats=2,
                overrides=[*SMALL, f"seed={seed}"],
            )
            for seed in (0, 1)
        )
        for name in ("folds.csv", "predictions.csv", "metrics.json"):
            assert (again / name).read_bytes() == (cv / name).read_bytes()
            assert (other / name).read_bytes() != (cv / name).read_bytes()

    @pytest.mark.slow
    def test_folds_of_another_one_are_used_again_even_where_its_slices_moved(
        self, cv, labelled_slices, tmp_path
    ):
        moved = tmp_path / "elsewhere" / "mri"
        shutil.copytree(labelled_slices, moved)
        second = crossval(
            moved, tmp_path / "second", overrides=[*SMALL, "seed=5"], folds_file=cv / "folds.csv"
        )
        assert (second / "folds.csv").read_bytes() == (cv / "folds.csv").read_bytes()

    @pytest.mark.slow
    def test_finished_folds_are_not_trained_again(self, cv, trainer):
        (find_fold_folder(cv, 0, 1) / "predictions.csv").unlink()
        before = (cv / "predictions.csv").read_bytes()
        trainer.shown.clear()
        shutil.rmtree(find_fold_folder(cv, 0, 1) / "checkpoints")
        crossval("unread", cv, folds=3, repeats=2, overrides=SMALL, resume=True)
        assert len(trainer.shown) == 1
        assert (cv / "predictions.csv").read_bytes() == before

    @pytest.mark.slow
    def test_started_without_its_folder_resuming_starts_it(self, cv, labelled_slices, tmp_path):
        new = crossval(labelled_slices, tmp_path / "new", folds=3, overrides=SMALL, resume=True)
        assert json.loads((new / "metrics.json").read_text())["slices"] == 60
        expected = read(cv / "predictions.csv").query("repeat == 0")
        pd.testing.assert_frame_equal(read(new / "predictions.csv"), expected)


class TestRefusals:
    def test_folder_is_never_overwritten(self, cv, labelled_slices):
        with pytest.raises(InputError, match="--resume"):
            crossval(labelled_slices, cv)

    def test_resuming_with_another_recipe(self, cv, labelled_slices):
        with pytest.raises(RecipeError, match="other settings"):
            crossval(labelled_slices, cv, folds=3, repeats=2, resume=True)

    @pytest.mark.parametrize("numbers", [{"folds": 4, "repeats": 2}, {"folds": 3}])
    def test_resuming_with_other_numbers_of_folds(self, cv, labelled_slices, numbers):
        with pytest.raises(InputError, match=r"other folds \(3 folds, 2 repeats\)"):
            crossval(labelled_slices, cv, overrides=SMALL, resume=True, **numbers)

    def test_resuming_with_other_folds_from_a_file(self, cv, labelled_slices, tmp_path):
        folds = read(cv / "folds.csv")
        folds.assign(fold=(folds["fold"] + 1) % 3).to_csv(tmp_path / "other.csv", index=False)
        with pytest.raises(InputError, match="other folds"):
            crossval(
                labelled_slices,
                cv,
                overrides=SMALL,
                resume=True,
                folds_file=tmp_path / "other.csv",
            )

    def test_resuming_in_the_folder_of_a_training(self, cv, labelled_slices):
        (cv / "folds.csv").unlink()
        with pytest.raises(InputError, match="a run of train"):
            crossval(labelled_slices, cv, folds=3, repeats=2, overrides=SMALL, resume=True)

    def test_training_in_its_folder(self, cv, labelled_slices):
        with pytest.raises(InputError, match="a cross-validation; choose a new folder"):
            train(labelled_slices, cv, overrides=SMALL, resume=True)

    def test_without_the_extra_it_says_what_to_install_and_writes_nothing(
        self, labelled_slices, tmp_path, monkeypatch
    ):
        monkeypatch.setitem(sys.modules, "keras", None)
        with pytest.raises(MissingExtraError, match=r"pip install '\.\[train\]'"):
            crossval(labelled_slices, tmp_path / "cv")
        assert not (tmp_path / "cv").exists()

    @pytest.mark.usefixtures("trainer")
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"jobs": 0}, "1 or more jobs"),
            ({"folds": 1}, "2 or more folds"),
            ({"folds": 29}, r"too few to make 29 folds: 28 group\(s\)"),
            ({"overrides": ["data.validation_fraction=0.01"]}, "too few groups"),
        ],
    )
    def test_numbers_that_cannot_work_leave_nothing_behind(
        self, labelled_slices, tmp_path, arguments, message
    ):
        with pytest.raises(InputError, match=message):
            crossval(labelled_slices, tmp_path / "cv", **arguments)
        assert not (tmp_path / "cv").exists()

    @pytest.mark.slow
    @pytest.mark.usefixtures("trainer")
    def test_slice_that_is_gone_on_resuming(self, labelled_slices, tmp_path):
        data = tmp_path / "data"
        shutil.copytree(labelled_slices, data)
        cv = crossval(data, tmp_path / "cv", folds=3, overrides=SMALL)
        (data / "no" / "3.png").unlink()
        with pytest.raises(InputError, match=r"3\.png: gone since"):
            crossval(data, cv, folds=3, overrides=SMALL, resume=True)

    @pytest.mark.slow
    def test_slices_or_masks_that_changed_before_a_fold_or_resuming(
        self, trainer, labelled_slices, tmp_path
    ):
        data, masks, cv = tmp_path / "data", tmp_path / "masks", tmp_path / "cv"
        shutil.copytree(labelled_slices, data)
        masks.mkdir()
        rows = []
        for path in sorted(data.rglob("*.png")):
            label = int(path.parent.name == "yes")
            if label:
                Image.fromarray(np.eye(36, dtype=np.uint8) * 255).save(masks / path.name)
            rows.append((path, label, masks / path.name if label else ""))
        table = pd.DataFrame(rows, columns=["path", "label", "mask"])
        table.to_csv(tmp_path / "slices.csv", index=False)
        options = {"folds": 3, "overrides": [*SMALL, "training.mask_weight=1"]}
        trainer.fails_at = 2
        with pytest.raises(TumorscopeError, match="no memory left"):
            crossval(tmp_path / "slices.csv", cv, **options)
        assert read(cv / "manifest.csv")["mask_sha256"].notna().sum() == 30
        other = (data / "no" / "5.png").read_bytes()
        for file in (data / "no" / "3.png", masks / "4.png"):
            before = file.read_bytes()
            file.write_bytes(other)
            with pytest.raises(InputError, match=rf"{file}: changed"):
                crossval(tmp_path / "slices.csv", cv, **options, resume=True)
            with pytest.raises(InputError, match=rf"{file}: changed"):
                read_parts(cv, 0, 1)
            file.write_bytes(before)
        crossval(tmp_path / "slices.csv", cv, **options, resume=True)

    @pytest.mark.parametrize("place", ["data", "data/cv", "."])
    def test_a_folder_that_is_not_apart_from_the_data(self, labelled_slices, tmp_path, place):
        data = shutil.copytree(labelled_slices, tmp_path / "data")
        with pytest.raises(InputError, match="which is read; choose another folder"):
            crossval([str(data), "kaggle:owner/name"], tmp_path / place)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.slow
def test_failing_fold_keeps_what_others_found(trainer, labelled_slices, tmp_path):
    cv = tmp_path / "cv"
    trainer.fails_at = 2
    with pytest.raises(TumorscopeError, match="no memory left"):
        crossval(labelled_slices, cv, folds=3, overrides=SMALL)
    assert (find_fold_folder(cv, 0, 0) / "predictions.csv").exists()
    assert not (cv / "predictions.csv").exists()
    crossval(labelled_slices, cv, folds=3, overrides=SMALL, resume=True)
    assert len(trainer.shown) == 4
    assert len(trainer.asked) == 3
