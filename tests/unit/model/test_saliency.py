import numpy as np
import pytest

from small_networks import build_small
from tumorscope.explanation import cam
from tumorscope.model.gradcam import ExplainedClassifier
from tumorscope.model.saliency import SaliencyNetwork, randomize_layers

SIDE_PX = 64


@pytest.fixture(scope="module")
def classifier():
    return build_small(SIDE_PX, hidden_units=256)


@pytest.fixture(scope="module")
def slices():
    return np.random.default_rng(0).integers(0, 255, (2, SIDE_PX, SIDE_PX, 3), np.uint8)


def test_automatic_differentiation_equals_the_closed_form(classifier, slices):
    last = SaliencyNetwork(classifier).look(slices)[0]
    shipped = ExplainedClassifier(classifier).infer(slices.astype(np.float32))["cam"].numpy()
    difference = cam.grad_cam(*last) - shipped
    assert np.abs(difference).max() <= 1e-4 * np.abs(shipped).max()


def test_layers_come_from_the_coarsest_to_the_finest(classifier, slices):
    sides = [layer.activations.shape[1] for layer in SaliencyNetwork(classifier).look(slices)]
    assert sides == [16, 32, 64]


def test_integrated_gradients_add_up_to_the_change_of_the_logit(classifier, slices):
    network = SaliencyNetwork(classifier)
    added = network.integrate_gradients(slices[:1], cells=16).sum()
    both = np.stack([slices[0], np.zeros_like(slices[0])])
    whole, black = network._answer(both.astype(np.float32))[1].numpy()[:, 0]
    assert added == pytest.approx(whole - black, rel=0.1)


def test_maps_change_with_randomized_layers_and_the_input_scaling_stays(classifier, slices):
    before = cam.grad_cam(*SaliencyNetwork(classifier).look(slices)[0])
    same = randomize_layers(classifier, 0, seed=1)
    np.testing.assert_allclose(
        cam.grad_cam(*SaliencyNetwork(same).look(slices)[0]), before, rtol=1e-3, atol=1e-6
    )
    for layers in (1, 3, None):  # Adebayo et al., 2018: from the top on
        changed = cam.grad_cam(
            *SaliencyNetwork(randomize_layers(classifier, layers, seed=1)).look(slices)[0]
        )
        correlation = np.corrcoef(changed.ravel(), before.ravel())[0, 1]
        assert correlation < 0.99


def test_lesion_map_is_that_of_the_exported_graph(slices):
    classifier = build_small(SIDE_PX, lesion_map=True, rescale_in_front=True)
    exported = ExplainedClassifier(classifier).infer(slices.astype(np.float32))["cam"]
    found = SaliencyNetwork(classifier).map_lesion(slices)
    np.testing.assert_allclose(found, exported, atol=1e-5)
