import keras
import numpy as np
import pytest
import tensorflow as tf

from small_networks import build_small
from tumorscope.model.classifier import BACKBONE, freeze_backbone, unfreeze_top_layers
from tumorscope.recipe import load_recipe
from tumorscope.training.learner import accuracy
from tumorscope.training.trainer import Phase, _build_state, build_optimizer

PHASE = Phase("fine_tune", 5, 0.01, set_trainable=freeze_backbone)
STEPS = 10


def build(*overrides: str) -> keras.Optimizer:
    settings = load_recipe("notebook", [f"training.{text}" for text in overrides]).training
    return build_optimizer(PHASE, settings, STEPS)


def list_rates(optimizer: keras.Optimizer) -> np.ndarray:
    schedule = keras.optimizers.schedules.deserialize(optimizer.get_config()["learning_rate"])
    return np.array([float(schedule(step)) for step in range(PHASE.epochs * STEPS + 1)])


def test_a_constant_rate_is_that_of_the_phase():
    optimizer = build("schedule=constant")
    assert type(optimizer) is keras.optimizers.Adam
    assert float(optimizer.learning_rate) == pytest.approx(0.01)


def test_a_cosine_rises_over_the_first_epoch_and_falls_to_nothing():
    rates = list_rates(build("schedule=cosine"))
    assert rates[0] == 0
    assert rates[STEPS] == rates.max() == pytest.approx(0.01)
    assert (np.diff(rates[: STEPS + 1]) > 0).all()
    assert (np.diff(rates[STEPS:]) < 0).all()
    assert rates[-1] == pytest.approx(0, abs=1e-8)


def test_weight_decay_makes_it_adamw():
    optimizer = build("weight_decay=0.02")
    assert type(optimizer) is keras.optimizers.AdamW
    assert optimizer.weight_decay == 0.02


def test_a_step_is_traced_once_and_changes_only_what_learns():
    classifier = build_small()
    unfreeze_top_layers(classifier, 3, learn_normalization=False)
    traced = []

    def lose(targets: tf.Tensor, answers: tf.Tensor) -> tf.Tensor:
        traced.append(tf.inside_function())
        return keras.losses.binary_crossentropy(targets, answers)

    classifier.compile("adam", loss=lose, metrics=[accuracy], jit_compile=False)
    _build_state(classifier)
    before = [variable.numpy() for variable in classifier.variables]
    slices = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)
    classifier.fit(slices, np.float32([[0], [1], [0], [1]]), epochs=2, verbose=0)

    assert traced.count(True) == 1
    learned = {id(variable) for variable in classifier.trainable_variables}
    assert len(learned) == 1 + 4  # the last convolution, and two layers of the head
    for variable, old in zip(classifier.variables, before, strict=True):
        if "seed_generator" not in variable.path:  # of dropout
            changed = not np.array_equal(variable.numpy(), old)
            assert changed == (id(variable) in learned), variable.path
    assert classifier.get_layer(BACKBONE).trainable
