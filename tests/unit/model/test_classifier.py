import keras
import numpy as np
import pytest

from small_networks import build_small
from tumorscope.model.classifier import (
    BACKBONE,
    LESION_MAP,
    cut_head,
    find_finer_maps,
    freeze_backbone,
    has_lesion_map,
    unfreeze_top_layers,
)


@pytest.fixture(scope="module")
def built() -> tuple[keras.Model, list[np.ndarray]]:
    """A classifier, and the weights that it was built with."""
    classifier = build_small()
    return classifier, classifier.get_weights()


@pytest.fixture
def classifier(built) -> keras.Model:
    """The classifier as it was built, whatever a test has made of it."""
    classifier, weights = built
    classifier.trainable = True
    classifier.set_weights(weights)
    return classifier


def list_normalizations(classifier: keras.Model) -> list[keras.layers.BatchNormalization]:
    layers = classifier.get_layer(BACKBONE).layers
    return [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]


def test_it_gives_one_probability_per_slice(classifier):
    slices = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype(np.float32)
    probabilities = np.asarray(classifier(slices))
    assert probabilities.shape == (3, 1)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    alone = [np.asarray(classifier(slices[[number]])) for number in range(3)]
    np.testing.assert_allclose(probabilities, np.concatenate(alone), atol=1e-6)


def test_a_frozen_backbone_leaves_only_the_head_to_learn(classifier):
    freeze_backbone(classifier)
    layers = {variable.path.split("/")[0] for variable in classifier.trainable_variables}
    assert layers == {"hidden", "logit"}


@pytest.mark.parametrize("count", [0, 1, 5, 1000])
def test_exactly_the_top_layers_are_unfrozen(classifier, count):
    freeze_backbone(classifier)
    unfreeze_top_layers(classifier, count, learn_normalization=True)
    layers = classifier.get_layer(BACKBONE).layers
    kept = min(count, len(layers))
    assert [layer.trainable for layer in layers] == [False] * (len(layers) - kept) + [True] * kept


def test_a_share_of_the_layers_can_be_unfrozen(classifier):
    unfreeze_top_layers(classifier, 0.8, learn_normalization=True)
    layers = classifier.get_layer(BACKBONE).layers
    assert sum(layer.trainable for layer in layers) == round(0.8 * len(layers))


def test_frozen_batch_normalization_keeps_its_statistics_while_training(classifier):
    freeze_backbone(classifier)
    layer, *_ = list_normalizations(classifier)
    before = layer.get_weights()
    classifier(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)), training=True)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_unfrozen_batch_normalization_learns_its_statistics(classifier):
    unfreeze_top_layers(classifier, 5, learn_normalization=True)
    *_, layer = list_normalizations(classifier)
    before = layer.moving_mean.numpy()
    classifier(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)), training=True)
    assert not np.array_equal(before, layer.moving_mean.numpy())


def test_batch_normalization_can_stay_as_it_is_among_unfrozen_layers(classifier):
    unfreeze_top_layers(classifier, 5, learn_normalization=False)
    layers = classifier.get_layer(BACKBONE).layers[-5:]
    kept = [isinstance(layer, keras.layers.BatchNormalization) for layer in layers]
    assert [not layer.trainable for layer in layers] == kept
    before = layers[kept.index(True)].get_weights()
    classifier(np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)), training=True)
    for old, new in zip(before, layers[kept.index(True)].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_rescaling_in_front_divides_by_255(classifier):
    doubled = build_small(rescale_in_front=True)
    doubled.set_weights(classifier.get_weights())
    slices = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(doubled(slices), classifier(slices / 255), atol=1e-6)


@pytest.fixture(scope="module", params=["efficientnetlite0", "efficientnetb0", "vgg16"])
def mapping(request) -> keras.Model:
    """A classifier with a lesion map."""
    return build_small(64, backbone=request.param, lesion_map=True)


class TestLesionMap:
    def test_it_is_finer_than_the_last_feature_map(self, mapping):
        assert has_lesion_map(mapping)
        assert mapping.get_layer(LESION_MAP).output.shape[1:] == (4, 4, 1)
        assert mapping.output_shape == (None, 1)

    def test_with_a_third_size_it_is_twice_as_fine(self):
        finer = build_small(64, backbone="efficientnetlite0", lesion_map=True, map_scales=3)
        assert finer.get_layer(LESION_MAP).output.shape[1:] == (8, 8, 1)
        assert [tensor.shape[1] for tensor in cut_head(finer).inputs] == [2, 4, 8]

    def test_strongest_position_has_a_say_in_the_decision(self, mapping):
        maps = [np.ones((1, *tensor.shape[1:]), np.float32) for tensor in cut_head(mapping).inputs]
        head = cut_head(mapping)
        _, before, _ = head(maps)
        layer = mapping.get_layer(LESION_MAP)
        layer.bias.assign(layer.bias + 5)
        _, after, _ = head(maps)
        assert float(after[0, 0]) > float(before[0, 0])

    def test_without_one_there_is_none(self, classifier):
        assert not has_lesion_map(classifier)
        assert len(cut_head(classifier).outputs) == 2

    def test_residual_sums_are_preferred(self, classifier):
        backbone = classifier.get_layer(BACKBONE)
        (added,) = (x for x in backbone.layers if isinstance(x, keras.layers.Add))
        assert find_finer_maps(backbone, 1) == [added.output]
