"""Do maps show what a network has learned? The sanity check of Adebayo et al., 2018.

A small network learns whether one of four equally bright discs is striped. Its map has to point at
that one, and to be lost when layers are drawn anew from the top.
"""

import cv2
import keras
import numpy as np
import pytest
from scipy.stats import spearmanr

from tumorscope.explanation import cam
from tumorscope.explanation.localization import measure_localization
from tumorscope.explanation.overlay import project_map
from tumorscope.explanation.perturbation import score_cam
from tumorscope.model.classifier import BACKBONE, HIDDEN, LOGIT, POOLED
from tumorscope.model.saliency import SaliencyNetwork, randomize_layers
from tumorscope.preprocessing import Box

SIDE, RADIUS = 96, 15
WHOLE = Box(0, 0, SIDE, SIDE)


def draw(count, seed):
    """Draw slices of four discs, in every second one of them striped: slices, labels, masks."""
    generator = np.random.default_rng(seed)
    slices = generator.normal(60, 12, (count, SIDE, SIDE))
    masks = np.zeros((count, SIDE, SIDE), bool)
    stripes = np.where(np.arange(SIDE) // 3 % 2, 60, -60)
    for number, (gray_hw, mask_hw) in enumerate(zip(slices, masks, strict=True)):
        striped = generator.integers(4)
        for quarter in range(4):
            center = generator.integers(RADIUS, SIDE // 2 - RADIUS, 2)
            center += SIDE // 2 * np.array(divmod(quarter, 2))
            disc = np.zeros((SIDE, SIDE), np.uint8)
            cv2.circle(disc, center.tolist(), RADIUS, 1, -1)
            gray_hw[:] += disc * 70
            if quarter == striped and number % 2:
                gray_hw[:] += disc * stripes
                mask_hw[:] = disc > 0
    pixels = np.repeat(slices.clip(0, 255).round().astype(np.uint8)[..., np.newaxis], 3, axis=-1)
    return pixels, np.arange(count) % 2, masks


@pytest.fixture(scope="module")
def classifier():
    """A network of the shape that `SaliencyNetwork` looks into, trained for some seconds."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((SIDE, SIDE, 3))
    features = keras.layers.Rescaling(1 / 128, offset=-1)(pixels)
    for channels in (12, 16, 24, 32):
        # Of even width, and so symmetric: positions lie where the map has them.
        features = keras.layers.Conv2D(channels, 4, 2, "same", activation="relu")(features)
    backbone = keras.Model(pixels, features, name=BACKBONE)
    slices = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(backbone(slices))
    hidden = keras.layers.Dense(16, "relu", name=HIDDEN)(pooled)
    logit = keras.layers.Dense(1, name=LOGIT)(hidden)
    network = keras.Model(slices, keras.layers.Activation("sigmoid")(logit))
    network.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy")
    pixels, labels, _ = draw(200, seed=1)
    network.fit(pixels, labels, batch_size=20, epochs=10, verbose=0)
    return network


@pytest.fixture(scope="module")
def found(classifier):
    """Striped slices that the network has not met, and where their stripes are."""
    pixels, labels, masks = draw(80, seed=2)
    answers = classifier.predict(pixels, verbose=0)[:, 0]
    assert ((answers > 0.5) == labels).mean() > 0.9
    return pixels[labels == 1], masks[labels == 1]


def explain(classifier, slices):
    return cam.grad_cam(*SaliencyNetwork(classifier).look(slices)[0])


def point(maps, masks):
    """Play the pointing game."""
    evidence = [project_map(cam_hw, WHOLE, (SIDE, SIDE)) for cam_hw in maps]
    pairs = zip(evidence, masks, strict=True)
    return np.mean([measure_localization(*pair, WHOLE, WHOLE).pointing for pair in pairs])


def correlate(maps, others):
    pairs = zip(maps, others, strict=True)
    return np.nanmean([spearmanr(one.ravel(), other.ravel()).statistic for one, other in pairs])


def test_map_points_at_what_was_learned_and_that_of_the_untrained_network_does_not(
    classifier, found
):
    slices, masks = found
    untrained = [explain(randomize_layers(classifier, None, seed), slices) for seed in range(3)]
    assert point(explain(classifier, slices), masks) > 0.9
    assert np.mean([point(maps, masks) for maps in untrained]) < 0.5


def test_map_is_lost_as_layers_are_drawn_anew_from_the_top(classifier, found):
    slices, _ = found
    before = explain(classifier, slices)
    falling = [
        np.mean([
            correlate(before, explain(randomize_layers(classifier, layers, seed), slices))
            for seed in range(3)
        ])
        for layers in (0, 1, 3, None)
    ]  # fmt: skip
    assert falling[0] > 0.999
    assert falling[1] < 0.8
    assert max(falling[2:]) < 0.4


def test_score_cam_points_without_a_gradient(classifier, found):
    slices, masks = (part[:20] for part in found)

    def answer(asked):
        return classifier.predict(asked, verbose=0)[:, 0]

    activations = SaliencyNetwork(classifier).look(slices)[0].activations
    assert point(score_cam(slices, activations, answer), masks) > 0.8
