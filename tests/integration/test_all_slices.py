"""A model trained on all slices, with the figures of a cross-validation of its recipe."""

import json
import shutil

import pandas as pd
import pytest

from tumorscope.errors import InputError, RecipeError
from tumorscope.workflows.crossval.command import crossval
from tumorscope.workflows.phantom import phantom
from tumorscope.workflows.predict.command import predict
from tumorscope.workflows.train.command import train

SETTINGS = [
    "model.backbone=efficientnetlite0",
    "model.weights=random",
    "preprocessing.side_px=64",
    "training.epochs=1",
    "training.fine_tune_epochs=1",
    "training.early_stopping_patience=null",
    "training.batch_size=8",
    "training.keep=last",
    "data.validation_fraction=0.25",
]


@pytest.mark.slow
def test_it_learns_from_every_slice_and_is_measured_out_of_fold(tmp_path):
    data, cv, run = [tmp_path / "one", tmp_path / "two"], tmp_path / "cv", tmp_path / "run"
    for seed, folder in enumerate(data):
        phantom(folder, count=12, seed=seed)
    crossval(data, cv, folds=2, overrides=SETTINGS)

    train(data, run, overrides=SETTINGS, crossval=cv)

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
    counts = predict(data[0] / "yes", model=run)
    assert (counts.slices, counts.unreadable) == (6, 0)

    # Killed after the training: what is left to do is done again, without the cross-validation.
    shutil.rmtree(cv)
    before = (run / "evaluation" / "predictions.csv").read_bytes()
    for name in ("model", "evaluation"):
        shutil.rmtree(run / name)
    train(data, run, overrides=SETTINGS, crossval=cv, resume=True)
    assert (run / "evaluation" / "predictions.csv").read_bytes() == before
    with pytest.raises(InputError, match="was started with --crossval; resume it with"):
        train(data, run, overrides=SETTINGS, resume=True)
    with pytest.raises(RecipeError, match=r"expected training\.keep=last"):
        train(data, tmp_path / "x", overrides=[*SETTINGS, "training.keep=best"], crossval=cv)
