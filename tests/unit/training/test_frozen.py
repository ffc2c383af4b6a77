from itertools import islice

import keras
import numpy as np
import pytest
import tensorflow as tf

from tumorscope.model.classifier import build_classifier
from tumorscope.recipe import ModelSettings
from tumorscope.training import frozen
from tumorscope.training.frozen import (
    Features,
    build_feature_batches,
    compute_features,
    split_learner,
)
from tumorscope.training.learner import build_learner

BATCH_SIZE = 4


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "lesion map"])
def learner(request) -> keras.Model:
    keras.utils.set_random_seed(0)
    settings = ModelSettings(
        backbone="efficientnetlite0",
        weights="random",
        rescale_in_front=True,
        hidden_units=8,
        dropout=0.5,
    )
    return build_learner(build_classifier(settings, 32, lesion_map=request.param))


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (10, 32, 32, 3)).astype(np.float32)


def make_batches(slices: np.ndarray) -> tf.data.Dataset:
    targets, weights = np.arange(10, dtype=np.float32)[:, np.newaxis], np.ones(10, np.float32)
    return tf.data.Dataset.from_tensor_slices((slices, targets, weights)).batch(BATCH_SIZE)


def test_the_head_answers_from_features_as_the_learner_from_slices(learner, slices):
    infer, head = split_learner(learner)
    features = compute_features(infer, make_batches(slices), steps=3)
    answers = np.asarray(head([np.float32(each) for each in features.maps]))
    np.testing.assert_allclose(answers, np.asarray(learner(slices)), rtol=1e-2, atol=1e-3)


def test_the_head_learns_and_the_learner_with_it(learner, slices):
    infer, head = split_learner(learner)
    features = compute_features(infer, make_batches(slices), steps=3)
    head.compile("sgd", loss=lambda _, answers: tf.reduce_sum(answers, axis=1))
    before = np.asarray(learner(slices)).sum()
    head.fit(
        build_feature_batches(features, BATCH_SIZE, 0, 0),
        steps_per_epoch=3,
        shuffle=False,
        verbose=0,
    )
    assert np.asarray(learner(slices)).sum() < before


def test_features_keep_their_targets_and_weights(learner, slices):
    infer, _ = split_learner(learner)
    features = compute_features(infer, make_batches(slices), steps=2)
    assert {len(each) for each in (*features.maps, *features.taught)} == {2 * BATCH_SIZE}
    targets, weights = features.taught
    np.testing.assert_array_equal(targets[:, 0], range(2 * BATCH_SIZE))
    np.testing.assert_array_equal(weights, 1)


def test_there_is_an_end_to_what_is_kept(learner, slices, monkeypatch):
    monkeypatch.setattr(frozen, "MOST_SLICES", 5)
    infer, _ = split_learner(learner)
    features = compute_features(infer, make_batches(slices), steps=3)
    assert len(features.maps[0]) == 2 * BATCH_SIZE


def take_epochs(first_epoch: int, count: int) -> list[list[int]]:
    """List the targets of epochs; each map holds its target."""
    numbers = np.arange(10, dtype=np.float16)
    features = Features((numbers.reshape(10, 1, 1, 1),), (np.float32(numbers)[:, np.newaxis],))
    batches = islice(build_feature_batches(features, BATCH_SIZE, 7, first_epoch), 3 * count)
    seen = []
    for (maps,), targets in batches:
        np.testing.assert_array_equal(maps.numpy().ravel(), targets.numpy().ravel())
        seen += targets.numpy().ravel().astype(int).tolist()
    return [seen[start : start + 10] for start in range(0, 10 * count, 10)]


def test_every_epoch_visits_each_slice_once_in_an_order_of_its_own():
    first, second = take_epochs(0, 2)
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second


def test_a_resumed_training_sees_what_it_would_have_seen():
    assert take_epochs(0, 3)[2] == take_epochs(2, 1)[0]
