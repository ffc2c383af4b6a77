"""EfficientNetB0 from a weights file: the path to take where Keras cannot download."""

from pathlib import Path

import keras
import numpy as np
import pytest

import tumorscope
from eager import run_eagerly
from tumorscope.artifact.reader import read_artifact
from tumorscope.model.backbones import build_backbone
from tumorscope.model.classifier import BACKBONE, build_classifier
from tumorscope.model.weights import load_weights
from tumorscope.recipe import load_recipe
from tumorscope.training.checkpoint import Checkpoints
from tumorscope.training.trainer import list_phases

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> tuple[keras.Model, Path]:
    """A backbone and the file of its weights."""
    backbone = build_backbone("efficientnetb0", 32)
    path = tmp_path_factory.mktemp("weights") / "b0.weights.h5"
    backbone.save_weights(path)
    return backbone, path


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms") / "slices"
    tumorscope.phantom(folder, count=20, seed=4)
    return folder


def change_settings(weights: Path, fine_tune_epochs: int) -> list[str]:
    return [
        f"model.weights={weights}",
        "preprocessing.side_px=32",
        "training.epochs=1",
        f"training.fine_tune_epochs={fine_tune_epochs}",
    ]


@pytest.mark.usefixtures("blank_figures")
def test_the_notebook_recipe_trains_from_the_weights_in_the_file(source, phantoms, tmp_path):
    backbone, weights = source
    overrides = change_settings(weights, fine_tune_epochs=0)
    with run_eagerly():
        run = tumorscope.train(phantoms, tmp_path / "run", recipe="notebook", overrides=overrides)
    spec = read_artifact(run / "model")
    assert (spec.backbone, spec.weights) == ("efficientnetb0", "b0.weights.h5")
    with np.load(run / "checkpoints" / "best.npz") as saved:
        trained = [saved[name] for name in saved.files]
    kernel = backbone.get_layer("top_conv").get_weights()[0]
    assert any(np.array_equal(kernel, values) for values in trained), "a frozen kernel must stay"
    assert len(Checkpoints(run / "checkpoints").load_history()) == 1
    counts = tumorscope.predict(phantoms / "yes", model=run)
    assert (counts.slices, counts.unreadable) == (10, 0)


def test_the_default_recipe_fine_tunes_the_same_backbone(source):
    backbone, weights = source
    recipe = load_recipe("default", change_settings(weights, fine_tune_epochs=1))
    classifier = build_classifier(recipe.model, recipe.preprocessing.side_px)
    load_weights(classifier.get_layer(BACKBONE), recipe.model.backbone, recipe.model.weights)
    list_phases(recipe.training)[1].set_trainable(classifier)
    tuned = classifier.get_layer(BACKBONE)
    for name, learns in {"stem_conv": False, "top_conv": True, "top_bn": False}.items():
        given, held = (network.get_layer(name).get_weights() for network in (backbone, tuned))
        assert all(np.array_equal(*pair) for pair in zip(given, held, strict=True)), name
        assert bool(tuned.get_layer(name).trainable_variables) == learns, name
