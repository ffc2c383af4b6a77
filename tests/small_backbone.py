"""A backbone so small that a training takes seconds, for what is the same with a large one.

``python -m small_backbone CV REPEAT FOLD`` trains a fold of a cross-validation with it.
"""

from typing import TYPE_CHECKING

from tumorscope.workflows.crossval.fold import main

if TYPE_CHECKING:
    import keras
    import numpy as np
    from numpy.typing import NDArray

NAME = "smallnet"
SETTINGS = (f"model.backbone={NAME}", "model.weights=random", "preprocessing.side_px=32")


def add_small_backbone() -> None:
    """Make `NAME` a backbone."""
    import keras

    keras.applications.SmallNet = SmallNet


def preprocess_input(slices: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Scale colors, as for each network of ``keras.applications`` a function of this name does."""
    return slices / 127.5 - 1


def SmallNet(  # noqa: N802 - named as the networks beside it are
    include_top: bool, weights: None, input_tensor: "keras.KerasTensor"
) -> "keras.Model":
    """Build three convolutions, the second of which is depthwise and adds to the first."""
    import keras

    assert not include_top
    assert weights is None

    def activate(maps: "keras.KerasTensor") -> "keras.KerasTensor":
        return keras.layers.ReLU()(keras.layers.BatchNormalization()(maps))

    layers = keras.layers
    first = activate(layers.Conv2D(8, 3, 2, "same", use_bias=False)(input_tensor))
    found = activate(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(first))
    added = layers.Add()([first, found])
    last = activate(layers.Conv2D(16, 3, 2, "same", use_bias=False)(added))
    return keras.Model(keras.utils.get_source_inputs(input_tensor), last)


if __name__ == "__main__":
    add_small_backbone()
    main()
