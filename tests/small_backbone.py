"""A backbone so small that a training takes seconds, for what is the same with a large one.

``python -m small_backbone MODULE ...`` runs a module of Tumorscope in which `NAME` is a backbone.
"""

import os
import runpy
import sys
from pathlib import Path

import keras

from tumorscope.workflows.crossval import processes

NAME = "smallnet"
SETTINGS = ("model.weights=random", "preprocessing.side_px=32")
COMMAND = (sys.executable, "-P", "-m", "small_backbone")


def add_small_backbone() -> None:
    """Make `NAME` a backbone, also in the folds of a cross-validation that this process starts."""
    keras.applications.SmallNet = SmallNet
    processes._COMMAND = (*COMMAND, "tumorscope.workflows.crossval.fold")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)


def preprocess_input(slices: keras.KerasTensor) -> keras.KerasTensor:
    """Scale colors as a network of ``keras.applications`` does with a function of this name."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1)(slices)


def SmallNet(  # noqa: N802 - named as the networks beside it are
    include_top: bool, weights: None, input_tensor: keras.KerasTensor
) -> keras.Model:
    """Build two convolutions, 16 features in all."""
    assert not include_top
    assert weights is None
    features = input_tensor
    for number, channels in enumerate((8, 16)):
        features = keras.layers.Conv2D(channels, 3, 2, "same", name=f"conv_{number}")(features)
        features = keras.layers.BatchNormalization(name=f"bn_{number}")(features)
        features = keras.layers.ReLU()(features)
    return keras.Model(keras.utils.get_source_inputs(input_tensor), features)


if __name__ == "__main__":
    from small_backbone import add_small_backbone  # not this copy of it, which is `__main__`

    add_small_backbone()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
