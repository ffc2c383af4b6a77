"""EfficientNetB0 from a weights file: the path to take where Keras cannot download."""

from pathlib import Path

import keras
import numpy as np
import pytest

import tumorscope
from tumorscope.artifact.reader import read_artifact
from tumorscope.model.backbones import build_backbone
from tumorscope.model.classifier import BACKBONE
from tumorscope.training.checkpoint import Checkpoints

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> tuple[keras.Model, Path]:
    """A backbone and the file of its weights."""
    backbone = build_backbone("efficientnetb0", 32)
    path = tmp_path_factory.mktemp("weights") / "b0.weights.h5"
    backbone.save_weights(path)
    return backbone, path


def train(folder: Path, recipe: str, weights: Path, fine_tune_epochs: int) -> Path:
    tumorscope.phantom(folder / "slices", count=20, seed=4)
    return tumorscope.train(
        folder / "slices",
        folder / "run",
        recipe=recipe,
        overrides=[
            f"model.weights={weights}",
            "preprocessing.side_px=32",
            "training.epochs=1",
            f"training.fine_tune_epochs={fine_tune_epochs}",
        ],
    )


def test_the_notebook_recipe_trains_from_the_weights_in_the_file(source, tmp_path):
    backbone, weights = source
    run = train(tmp_path, "notebook", weights, fine_tune_epochs=0)
    spec = read_artifact(run / "model")
    assert (spec.backbone, spec.weights) == ("efficientnetb0", "b0.weights.h5")
    with np.load(run / "checkpoints" / "best.npz") as saved:
        trained = [saved[name] for name in saved.files]
    kernel = backbone.get_layer("top_conv").get_weights()[0]
    assert any(np.array_equal(kernel, values) for values in trained), "a frozen kernel must stay"
    assert len(Checkpoints(run / "checkpoints").load_history()) == 1
    counts = tumorscope.predict(tmp_path / "slices" / "yes", model=run)
    assert (counts.slices, counts.unreadable) == (10, 0)


def test_the_default_recipe_fine_tunes_the_same_backbone(source, tmp_path):
    backbone, weights = source
    run = train(tmp_path, "default", weights, fine_tune_epochs=1)
    classifier = keras.models.load_model(run / "model" / "model.keras")
    trained = classifier.get_layer(BACKBONE)
    for name, learns in {"stem_conv": False, "top_conv": True, "top_bn": False}.items():
        before, after = (network.get_layer(name).get_weights() for network in (backbone, trained))
        is_same = all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
        assert is_same != learns, name
    counts = tumorscope.predict(tmp_path / "slices" / "yes", model=run)
    assert (counts.slices, counts.unreadable) == (10, 0)
