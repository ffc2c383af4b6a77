from itertools import islice

import keras
import numpy as np
import pytest
import tensorflow as tf

from small_networks import build_small
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
    return build_learner(build_small(rescale_in_front=True, lesion_map=request.param))


@pytest.fixture(scope="module")
def parts(learner) -> tuple[keras.Model, keras.Model]:
    """What gives the features, and the head that answers from them."""
    return split_learner(learner)


@pytest.fixture(scope="module")
def slices() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (10, 32, 32, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def features(parts, slices) -> Features:
    """Those of all slices."""
    return compute_features(parts[0], make_batches(slices), steps=3)


def make_batches(slices: np.ndarray) -> tf.data.Dataset:
    targets, weights = np.arange(10, dtype=np.float32)[:, np.newaxis], np.ones(10, np.float32)
    return tf.data.Dataset.from_tensor_slices((slices, targets, weights)).batch(BATCH_SIZE)


def test_the_head_answers_from_features_as_the_learner_from_slices(
    learner, parts, slices, features
):
    _, head = parts
    answers = np.asarray(head([np.float32(each) for each in features.maps]))
    np.testing.assert_allclose(answers, np.asarray(learner(slices)), rtol=1e-2, atol=1e-3)


def test_the_head_learns_and_the_learner_with_it(learner, parts, slices, features):
    _, head = parts
    head.compile("sgd", loss=lambda _, answers: tf.reduce_sum(answers, axis=1))
    before = np.asarray(learner(slices)).sum()
    head.fit(
        build_feature_batches(features, BATCH_SIZE, 0, 0),
        steps_per_epoch=3,
        shuffle=False,
        verbose=0,
    )
    assert np.asarray(learner(slices)).sum() < before


def test_features_keep_their_targets_and_weights(parts, slices, features):
    infer, _ = parts
    few = compute_features(infer, make_batches(slices), steps=2)
    for map_, of_all in zip(few.maps, features.maps, strict=True):
        np.testing.assert_array_equal(map_, of_all[: 2 * BATCH_SIZE])
    targets, weights = few.taught
    np.testing.assert_array_equal(targets[:, 0], range(2 * BATCH_SIZE))
    np.testing.assert_array_equal(weights, 1)


def test_there_is_an_end_to_what_is_kept(parts, slices, monkeypatch):
    monkeypatch.setattr(frozen, "MOST_SLICES", 5)
    targets, _ = compute_features(parts[0], make_batches(slices), steps=3).taught
    np.testing.assert_array_equal(targets[:, 0], range(2 * BATCH_SIZE))


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
