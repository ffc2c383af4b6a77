"""The state of a training after each whole epoch: enough to go on as if never interrupted."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.atomic import replace_file
from tumorscope.errors import InputError

HISTORY_COLUMNS = (
    "epoch",
    "phase",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
)


class Checkpoints:
    """The checkpoints of one run: the last epoch, and the one with the lowest validation loss.

    Parameters
    ----------
    folder
        The run's ``checkpoints`` folder.
    """

    def __init__(self, folder: Path) -> None:
        self._last = folder / "last.npz"
        self._best = folder / "best.npz"

    def save(self, model: keras.Model, optimizer: keras.Optimizer, history: pd.DataFrame) -> None:
        """Save the state after the last epoch of `history`, and the best weights if it is best.

        The best weights go first: a run killed in between repeats the epoch and writes the same.
        """
        if find_best_epoch(history) == len(history):
            _write(self._best, _list_values(model.variables))
        state = _list_values([*model.variables, *optimizer.variables])
        _write(self._last, state, history)

    def load_history(self) -> pd.DataFrame:
        """Give the history up to the last saved epoch; empty if there is none."""
        if not self._last.exists():
            return pd.DataFrame(columns=list(HISTORY_COLUMNS))
        with np.load(self._last, allow_pickle=False) as saved:
            rows: list[dict[str, Any]] = json.loads(str(saved["history"]))
        return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))

    def restore_last(self, model: keras.Model, trained: keras.Model) -> None:
        """Put a model into the state of the last saved epoch, and the optimizer of what learns.

        Parameters
        ----------
        model
            All that is saved.
        trained
            The model itself or a part of it, compiled.
        """
        trained.optimizer.build(trained.trainable_variables)
        _assign(self._last, [*model.variables, *trained.optimizer.variables])

    def restore_last_weights(self, model: keras.Model) -> None:
        """Give a model the weights of the last saved epoch."""
        _assign(self._last, model.variables)

    def restore_best_weights(self, model: keras.Model) -> None:
        """Give a model the weights of the epoch with the lowest validation loss."""
        _assign(self._best, model.variables)


def find_best_epoch(history: pd.DataFrame) -> int:
    """Find the epoch (counted from 1) with the lowest validation loss, the first among equals."""
    return find_lowest(history["val_loss"]) + 1


def find_lowest(losses: pd.Series) -> int:
    """Find the position of the lowest loss; a training that diverged leaves NaN, never lowest."""
    return int(losses.astype(float).fillna(np.inf).to_numpy().argmin())


def _list_values(variables: list[keras.Variable]) -> list[NDArray[Any]]:
    return [np.asarray(variable) for variable in variables]


def _write(path: Path, values: list[NDArray[Any]], history: pd.DataFrame | None = None) -> None:
    arrays = {str(index): value for index, value in enumerate(values)}
    if history is not None:
        arrays["history"] = np.array(json.dumps(history.to_dict("records")))
    with replace_file(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def _assign(path: Path, variables: list[keras.Variable]) -> None:
    with np.load(path, allow_pickle=False) as saved:
        for index, variable in enumerate(variables):
            if str(index) not in saved or saved[str(index)].shape != tuple(variable.shape):
                raise InputError(f"{path}: does not belong to this recipe; start a new run")
            variable.assign(saved[str(index)])
