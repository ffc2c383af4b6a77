import keras
import numpy as np
import pytest

from tumorscope.model.classifier import freeze_backbone
from tumorscope.recipe import load_recipe
from tumorscope.training.trainer import Phase, build_optimizer

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
