import keras
import numpy as np
import pytest
import tensorflow as tf

from small_networks import build_small
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

    def test_map_adds_its_weighted_mean_and_for_a_lesion_how_well_it_points(self):
        targets = tf.constant([[1.0, 0.2, 0.4], [0.0, 0.0, 0.0]])
        light, heavy = (build_loss(0, weight)(targets, self.answers) for weight in (0, 3))
        positions = [
            [np.log(2), 0.4 * np.log1p(np.exp(-2)) + 0.6 * np.log1p(np.exp(2))],
            [np.log(2), np.log1p(np.exp(2))],
        ]
        hits = (0.5 + np.exp(2)) / (1 + np.exp(2))
        pointing = np.array([-0.3 * np.log(hits), 0])
        expected = 3 * (np.mean(positions, axis=1) + pointing)
        np.testing.assert_allclose(heavy - light, expected, atol=1e-5)

    @pytest.mark.parametrize("share", [0.03, 1.0])
    def test_the_peak_is_drawn_into_the_lesion_however_small_it_is(self, share):
        targets = tf.constant([[1.0, share, 0.0, 0.0]])
        outside = tf.constant([[0.9, -3.0, -2.0, -3.0]])
        with tf.GradientTape() as tape:
            tape.watch(outside)
            loss = build_loss(0, 1)(targets, outside)
        gradient = tape.gradient(loss, outside).numpy()[0]
        assert gradient[1] < 0 < gradient[2]

    def test_a_speck_of_a_lesion_is_not_pointed_at(self):
        targets = tf.constant([[1.0, 0.01, 0.0]])
        light, heavy = (build_loss(0, weight)(targets, self.answers[:1]) for weight in (0, 1))
        positions = [np.log(2), np.log1p(np.exp(2))]
        np.testing.assert_allclose(heavy - light, np.mean(positions), atol=1e-5)

    def test_overlap_is_one_minus_the_dice_of_map_and_lesion(self):
        targets = tf.constant([[1.0, 1.0, 0.5], [0.0, 0.0, 0.0]])
        without, with_it = (build_loss(0, 2, weight)(targets, self.answers) for weight in (0, 3))
        found = 1 / (1 + np.exp(-self.answers.numpy()[0, 1:]))
        dice = 2 * (found @ [1.0, 0.5]) / (found @ found + 1.25)
        np.testing.assert_allclose(with_it - without, [6 * (1 - dice), 0], atol=1e-5)

    def test_unknown_map_counts_nothing_and_gives_no_gradient(self):
        targets = tf.constant([[1.0, np.nan, np.nan], [0.0, np.nan, np.nan]])
        with tf.GradientTape() as tape:
            tape.watch(self.answers)
            loss = build_loss(0, 3, 1)(targets, self.answers)
        gradient = tape.gradient(loss, self.answers).numpy()
        np.testing.assert_allclose(loss, build_loss(0, 0)(targets, self.answers))
        assert np.isfinite(gradient).all()
        assert (gradient[:, 1:] == 0).all()


@pytest.mark.parametrize(("lesion_map", "columns"), [(False, 1), (True, 1 + 16 * 16)])
def test_learner_gives_a_column_per_target(lesion_map, columns):
    classifier = build_small(lesion_map=lesion_map)
    learner = build_learner(classifier)
    slices = np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    answers = np.asarray(learner(slices))
    assert answers.shape == (2, columns)
    np.testing.assert_allclose(answers[:, :1], classifier(slices), atol=1e-6)
