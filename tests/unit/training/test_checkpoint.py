import keras
import numpy as np
import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.training.callbacks import is_patience_used_up
from tumorscope.training.checkpoint import HISTORY_COLUMNS, Checkpoints, find_best_epoch


def make_model(units: int = 2) -> keras.Model:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(units), keras.layers.Dropout(0.5)]
    )
    model.compile(keras.optimizers.Adam(0.1), loss="mse")
    return model


def fit(model: keras.Model) -> None:
    x = np.random.default_rng(0).normal(size=(8, 3))
    model.fit(x, np.ones((8, 2)), shuffle=False, verbose=0)


def make_history(*val_losses: float) -> pd.DataFrame:
    rows = [
        (number, "frozen", 1 / 3, 0.5, loss, 0.5, 1e-4, 1.0)
        for number, loss in enumerate(val_losses, start=1)
    ]
    return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))


def test_a_restored_model_goes_on_exactly_as_the_saved_one(tmp_path):
    keras.utils.set_random_seed(0)
    model = make_model()
    fit(model)
    Checkpoints(tmp_path).save(model, model.optimizer, make_history(1.0))
    fit(model)
    other = make_model()
    Checkpoints(tmp_path).restore_last(other, other)
    fit(other)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_best_weights_are_those_of_the_lowest_validation_loss(tmp_path):
    model, checkpoints = make_model(), Checkpoints(tmp_path)
    losses = [3.0, 1.0, 2.0]
    for number in range(1, 4):
        model.layers[0].set_weights([np.full((3, 2), number), np.zeros(2)])
        checkpoints.save(model, model.optimizer, make_history(*losses[:number]))
    checkpoints.restore_best_weights(model)
    assert model.layers[0].get_weights()[0].mean() == 2
    checkpoints.restore_last_weights(model)
    assert model.layers[0].get_weights()[0].mean() == 3


def test_the_first_of_equal_epochs_is_the_best():
    assert find_best_epoch(make_history(2.0, 1.0, 1.0)) == 2


def test_an_epoch_that_diverged_is_never_the_best():
    assert find_best_epoch(make_history(float("nan"), 2.0, float("nan"))) == 2


def test_patience_counts_epochs_that_diverged():
    history = make_history(1.0, float("nan"), float("nan"))
    assert is_patience_used_up(history, "frozen", 2)


def test_the_history_survives_to_the_last_digit(tmp_path):
    model, history = make_model(), make_history(0.1 + 0.2, 2 / 3)
    Checkpoints(tmp_path).save(model, model.optimizer, history)
    pd.testing.assert_frame_equal(Checkpoints(tmp_path).load_history(), history, check_exact=True)


def test_without_a_checkpoint_the_history_is_empty(tmp_path):
    assert Checkpoints(tmp_path).load_history().empty


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    model, other = make_model(), make_model(units=5)
    Checkpoints(tmp_path).save(model, model.optimizer, make_history(1.0))
    with pytest.raises(InputError, match="does not belong to this recipe"):
        Checkpoints(tmp_path).restore_last(other, other)


@pytest.mark.parametrize(
    ("val_losses", "patience", "expected"),
    [
        ((3, 2, 1), 1, False),
        ((1, 2, 3), 2, True),
        ((1, 2, 3), 3, False),
        ((1, 2, 3), None, False),
        ((), 1, False),
    ],
)
def test_patience_counts_epochs_without_a_lower_loss(val_losses, patience, expected):
    assert is_patience_used_up(make_history(*val_losses), "frozen", patience) is expected


def test_patience_counts_only_its_own_phase():
    assert not is_patience_used_up(make_history(1, 2, 3), "fine_tune", 1)
