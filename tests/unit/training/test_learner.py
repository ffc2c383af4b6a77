import keras
import numpy as np
import pytest
import tensorflow as tf

from tumorscope.model.classifier import build_classifier
from tumorscope.recipe import ModelSettings
from tumorscope.training.learner import accuracy, build_learner, build_loss


def test_a_mixed_slice_counts_as_what_most_of_it_is():
    labels = tf.constant([[0.9], [0.9], [0.2], [1.0]])
    probabilities = tf.constant([[0.8], [0.3], [0.1], [0.9]])
    np.testing.assert_array_equal(accuracy(labels, probabilities)[:, 0], [1, 0, 1, 1])


def test_accuracy_is_of_the_class_alone():
    targets, answers = tf.constant([[1.0, 0.0, 1.0]]), tf.constant([[0.9, 7.0, -7.0]])
    np.testing.assert_array_equal(accuracy(targets, answers)[:, 0], [1])


class TestLoss:
    answers = tf.constant([[0.8, 0.0, 2.0], [0.3, 0.0, 2.0]])

    def test_without_a_map_it_is_the_cross_entropy_of_the_class(self):
        targets, answers = tf.constant([[1.0], [0.0]]), self.answers[:, :1]
        loss = build_loss(0.1, mask_weight=5)(targets, answers)
        expected = keras.losses.binary_crossentropy(targets, answers, label_smoothing=0.1)
        np.testing.assert_allclose(loss, expected, atol=1e-6)

    def test_map_adds_its_weighted_mean(self):
        targets = tf.constant([[1.0, 0.5, 1.0], [0.0, 0.0, 0.0]])
        light, heavy = (build_loss(0, weight)(targets, self.answers) for weight in (0, 3))
        positions = [[np.log(2), np.log1p(np.exp(-2))], [np.log(2), np.log1p(np.exp(2))]]
        np.testing.assert_allclose(heavy - light, 3 * np.mean(positions, axis=1), atol=1e-5)

    def test_unknown_map_counts_nothing_and_gives_no_gradient(self):
        targets = tf.constant([[1.0, np.nan, np.nan], [0.0, np.nan, np.nan]])
        with tf.GradientTape() as tape:
            tape.watch(self.answers)
            loss = build_loss(0, 3)(targets, self.answers)
        gradient = tape.gradient(loss, self.answers).numpy()
        np.testing.assert_allclose(loss, build_loss(0, 0)(targets, self.answers))
        assert np.isfinite(gradient).all()
        assert (gradient[:, 1:] == 0).all()


@pytest.mark.parametrize(("lesion_map", "columns"), [(False, 1), (True, 1 + 4)])
def test_learner_gives_a_column_per_target(lesion_map, columns):
    settings = ModelSettings(
        backbone="efficientnetlite0",
        weights="random",
        rescale_in_front=False,
        hidden_units=8,
        dropout=0.5,
    )
    classifier = build_classifier(settings, 32, lesion_map)
    learner = build_learner(classifier)
    slices = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    answers = np.asarray(learner(slices))
    assert answers.shape == (2, columns)
    np.testing.assert_allclose(answers[:, :1], classifier(slices), atol=1e-6)
