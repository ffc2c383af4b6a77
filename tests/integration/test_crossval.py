"""A real cross-validation of phantoms, and a model trained on all slices with its figures."""

import json
import shutil
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

import small_backbone
from commands import await_end, kill_once, start_crossval
from tumorscope.errors import InputError, RecipeError
from tumorscope.workflows.compare import compare
from tumorscope.workflows.phantom import phantom
from tumorscope.workflows.predict.command import predict
from tumorscope.workflows.train.command import train

pytestmark = pytest.mark.slow

SETTINGS = (
    *small_backbone.SETTINGS,
    "training.epochs=2",
    "training.fine_tune_epochs=0",
    "training.early_stopping_patience=null",
    "training.batch_size=8",
    "training.keep=last",
    "data.validation_fraction=0.25",
)


class Pair(NamedTuple):
    """Finished cross-validations, and when the killed one wrote the fold that it had finished."""

    killed: Path
    whole: Path
    kept_fold: Path
    broken_fold: Path
    kept_since: int


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Path]:
    """Two folders of twelve slices each."""
    folder = tmp_path_factory.mktemp("sources")
    for seed, name in enumerate(("one", "two")):
        phantom(folder / name, count=12, seed=seed)
    return [folder / "one", folder / "two"]


@pytest.fixture(scope="module")
def pair(sources, tmp_path_factory) -> Pair:
    """One killed in its second fold that then went on, and one that trained that fold at once."""
    killed, whole = (tmp_path_factory.mktemp("cv") / name for name in ("killed", "whole"))
    first, second = (killed / "folds" / f"repeat-0-fold-{fold}" for fold in (0, 1))

    def start(cv: Path) -> BaseProcess:
        options = ("--out", cv, "--folds", 2, "--resume")
        return start_crossval(*sources, *options, settings=SETTINGS)

    kill_once(start(killed), (second / "checkpoints" / "last.npz").exists)
    since = (first / "predictions.csv").stat().st_mtime_ns
    # The same, but for the second fold, which starts anew.
    shutil.copytree(killed, whole, ignore=shutil.ignore_patterns(second.name))
    assert [await_end(process) for process in (start(killed), start(whole))] == [0, 0]
    return Pair(killed, whole, first, second, since)


def test_a_killed_cross_validation_ends_as_an_uninterrupted_one(pair, tmp_path):
    assert (pair.kept_fold / "predictions.csv").stat().st_mtime_ns == pair.kept_since
    assert (pair.broken_fold / "log.txt").read_text("utf-8").count("epoch 1 ") == 1

    assert not list(pair.killed.rglob("checkpoints"))
    assert not list(pair.killed.rglob(".*"))
    for name in ("folds.csv", "predictions.csv", "metrics.json", "figures/roc.png"):
        assert (pair.killed / name).read_bytes() == (pair.whole / name).read_bytes()
    assert (pair.whole / "report.html").read_text("utf-8").count("data:image/png;base64,") == 3
    predictions = pd.read_csv(pair.whole / "predictions.csv")
    assert len(predictions) == predictions["slice"].nunique() == 24
    metrics = json.loads((pair.whole / "metrics.json").read_text())
    assert metrics["slices"] == metrics["guard"]["slices"] == 24
    comparison = compare(pair.whole, pair.killed, tmp_path / "comparison")
    assert comparison["differences"]["log_loss"]["difference"] == 0


@pytest.mark.usefixtures("small_training", "blank_figures")
def test_a_model_learns_from_every_slice_and_is_measured_out_of_fold(pair, sources, tmp_path):
    cv, run = shutil.copytree(pair.whole, tmp_path / "cv"), tmp_path / "run"

    train(sources, run, overrides=SETTINGS, crossval=cv)

    manifest = pd.read_csv(run / "manifest.csv")
    assert manifest["split"].tolist() == ["train"] * 24
    assert manifest["source"].tolist() == ["one"] * 12 + ["two"] * 12
    history = pd.read_csv(run / "history.csv")
    assert len(history) == 2
    assert history[["val_loss", "val_accuracy"]].isna().all(axis=None)
    metrics = json.loads((run / "evaluation" / "metrics.json").read_text())
    of_cv = json.loads((cv / "metrics.json").read_text())
    assert metrics["slices"] == of_cv["slices"] == 24
    assert (metrics["part"], metrics["folds"], metrics["repeats"]) == ("out of fold", 2, 1)
    predictions = pd.read_csv(run / "evaluation" / "predictions.csv")
    theirs = pd.read_csv(cv / "predictions.csv").set_index("path")["raw_probability"]
    assert (predictions["raw_probability"] == predictions["path"].map(theirs)).all()
    words = "out of fold, by 2 x 1 models of a cross-validation that never saw the slice"
    for page in (run / "report.html", run / "model" / "MODEL_CARD.md"):
        assert words in " ".join(page.read_text("utf-8").split())
    counts = predict(sources[0] / "yes", model=run)
    assert (counts.slices, counts.unreadable) == (6, 0)

    # Killed after the training: what is left to do is done again, without the cross-validation.
    shutil.rmtree(cv)
    before = (run / "evaluation" / "predictions.csv").read_bytes()
    for name in ("model", "evaluation"):
        shutil.rmtree(run / name)
    train(sources, run, overrides=SETTINGS, crossval=cv, resume=True)
    assert (run / "evaluation" / "predictions.csv").read_bytes() == before
    with pytest.raises(InputError, match="was started with --crossval; resume it with"):
        train(sources, run, overrides=SETTINGS, resume=True)
    with pytest.raises(RecipeError, match=r"expected training\.keep=last"):
        train(sources, tmp_path / "x", overrides=[*SETTINGS, "training.keep=best"], crossval=cv)
