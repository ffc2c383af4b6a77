"""Every backbone: the map in the graph equals its reference, Grad-CAM or the lesion map."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
import tensorflow as tf

from eager import run_eagerly
from small_networks import build_small
from tumorscope.model.backbones import build_backbone
from tumorscope.model.classifier import BACKBONE, LESION_MAP, LOGIT, POOLED
from tumorscope.model.gradcam import ExplainedClassifier, find_inner_maps

pytestmark = pytest.mark.slow

BACKBONES = ("efficientnetb0", "efficientnetlite0")
SIDE_PX = 96


@pytest.fixture(scope="module", params=BACKBONES)
def classifier(request) -> keras.Model:
    return build_small(SIDE_PX, seed=1, backbone=request.param, hidden_units=32)


@pytest.fixture(autouse=True, scope="module")
def eager() -> Iterator[None]:
    """No graphs: that an exported one answers alike is tested where it is exported."""
    with run_eagerly():
        yield


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return np.random.default_rng(2).uniform(0, 255, (3, SIDE_PX, SIDE_PX, 3)).astype(np.float32)


def infer(classifier: keras.Model, slices: np.ndarray) -> dict[str, np.ndarray]:
    answer = ExplainedClassifier(classifier).infer(slices)
    return {name: values.numpy() for name, values in answer.items()}


@pytest.fixture(scope="module")
def answer(classifier, slices) -> dict[str, np.ndarray]:
    """What the graph says of the slices."""
    return infer(classifier, slices)


def differentiate(classifier: keras.Model, slices: np.ndarray) -> np.ndarray:
    """Compute the signed Grad-CAM map of the logit by automatic differentiation."""
    feature_map = classifier.get_layer(POOLED).input
    bottom = keras.Model(classifier.input, feature_map)(slices, training=False)
    top = keras.Model(feature_map, classifier.get_layer(LOGIT).output)
    with tf.GradientTape() as tape:
        tape.watch(bottom)
        logit = top(bottom, training=False)
    alpha = tf.reduce_mean(tape.gradient(logit, bottom), axis=(1, 2), keepdims=True)
    return tf.reduce_sum(alpha * bottom, axis=-1).numpy()


def test_the_closed_form_equals_automatic_differentiation(classifier, slices, answer):
    expected = differentiate(classifier, slices)
    found = answer["cam"]
    assert found.shape == (3, 3, 3)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()
    assert np.abs(expected).max() > 0


def test_the_probability_is_the_classifiers(classifier, slices, answer):
    expected = np.asarray(classifier(slices))[:, 0]
    np.testing.assert_allclose(answer["probability"], expected, atol=1e-6)


def test_other_weights_give_another_map(classifier, slices, answer):
    other = keras.models.clone_model(classifier)
    assert not np.allclose(answer["cam"], infer(other, slices)["cam"])


def test_the_map_adds_up_to_what_the_feature_map_adds_to_the_logit(slices):
    """With no biases the logit is linear in the active units, so the map must sum up to it."""
    answer = infer(
        build_small(SIDE_PX, seed=1, backbone="efficientnetlite0", hidden_units=16, dropout=0.0),
        slices,
    )
    logit = np.log(answer["probability"] / (1 - answer["probability"]))
    np.testing.assert_allclose(answer["cam"].sum(axis=(1, 2)), logit, atol=1e-4)


def test_features_are_the_means_of_the_middle_of_three_maps_inside_the_backbone(
    classifier, slices, answer
):
    backbone = classifier.get_layer(BACKBONE)
    inner = keras.Model(backbone.inputs[0], find_inner_maps(backbone))(slices, training=False)
    assert [tuple(each.shape) for each in inner] == [
        (3, 6, 6, 480),
        (3, 6, 6, 672),
        (3, 3, 3, 1152),
    ]
    middles = [inner[0][:, 1:5, 1:5], inner[1][:, 1:5, 1:5], inner[2]]  # of three there is no half
    means = [each.numpy().mean(axis=(1, 2)) for each in middles]
    expected = [mean / np.linalg.norm(mean, axis=1, keepdims=True) for mean in means]
    np.testing.assert_allclose(answer["features"], np.hstack(expected), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", BACKBONES)
def test_in_an_efficientnet_the_inner_maps_are_of_the_same_blocks(name):
    maps = find_inner_maps(build_backbone(name, 224))
    layers = [each._keras_history.operation.name for each in maps]
    assert layers == ["block4c_activation", "block5b_activation", "block6b_expand_activation"]


@pytest.mark.parametrize("name", ["mobilenetv2", "resnet50", "vgg16"])
def test_backbones_of_other_families_have_features_as_well(name, slices):
    classifier = build_small(SIDE_PX, backbone=name, rescale_in_front=True, dropout=0.0)
    answer = infer(classifier, slices)
    assert len(answer["features"]) == 3
    assert np.isfinite(answer["features"]).all()
    expected = np.asarray(classifier(slices))[:, 0]
    np.testing.assert_allclose(answer["probability"], expected, atol=1e-6)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_lesion_map_stands_in_place_of_grad_cam(backbone, slices):
    classifier = build_small(
        SIDE_PX, backbone=backbone, rescale_in_front=True, hidden_units=16, lesion_map=True
    )
    reference = keras.Model(
        classifier.input, [classifier.output, classifier.get_layer(LESION_MAP).output]
    )
    probability, logits = (x.numpy() for x in reference(slices, training=False))
    answer = infer(classifier, slices)
    assert answer["cam"].shape == (3, 6, 6)
    np.testing.assert_allclose(answer["cam"], 1 / (1 + np.exp(-logits[..., 0])), atol=1e-5)
    np.testing.assert_allclose(answer["probability"], probability[:, 0], atol=1e-5)
    assert len(answer["features"]) == 3
