"""EfficientNetB0 from a weights file: the path to take where Keras cannot download."""

import numpy as np
import pytest

import tumorscope
from tumorscope.artifact.reader import read_artifact
from tumorscope.model.backbones import build_backbone
from tumorscope.training.checkpoint import Checkpoints


@pytest.mark.slow
def test_the_notebook_recipe_trains_from_the_weights_in_the_file(tmp_path):
    source = build_backbone("efficientnetb0", 32)
    source.save_weights(tmp_path / "b0.weights.h5")
    tumorscope.phantom(tmp_path / "slices", count=20, seed=4)
    run = tumorscope.train(
        tmp_path / "slices",
        tmp_path / "run",
        recipe="notebook",
        overrides=[
            f"model.weights={tmp_path / 'b0.weights.h5'}",
            "preprocessing.side_px=32",
            "training.epochs=1",
            "training.fine_tune_epochs=0",
        ],
    )
    spec = read_artifact(run / "model")
    assert (spec.backbone, spec.weights) == ("efficientnetb0", "b0.weights.h5")
    with np.load(run / "checkpoints" / "best.npz") as saved:
        trained = [saved[name] for name in saved.files]
    kernel = source.get_layer("top_conv").get_weights()[0]
    assert any(np.array_equal(kernel, values) for values in trained), "a frozen kernel must stay"
    assert len(Checkpoints(run / "checkpoints").load_history()) == 1
    answers, rejected = tumorscope.predict(run, tmp_path / "slices" / "yes")
    assert (len(answers), len(rejected)) == (10, 0)
