"""What happens during an epoch and after it: report progress, keep history, checkpoint."""

import logging
import time
from collections.abc import Callable
from typing import Any

import keras
import pandas as pd

from tumorscope.training.checkpoint import HISTORY_COLUMNS, Checkpoints, find_lowest

_log = logging.getLogger(__name__)


class EpochRecorder(keras.callbacks.Callback):
    """Add each epoch to the history and save a checkpoint; stop when patience is used up.

    Parameters
    ----------
    phase
        Name of the phase, for the history.
    whole
        The model that is saved, all or a part of which is trained.
    checkpoints
        Where the state goes.
    history
        The epochs so far; `self.history_table` grows from it.
    patience
        Epochs of this phase without a lower validation loss before it ends; None: never.
    planned
        Epochs of all phases, for the log.
    """

    def __init__(
        self,
        phase: str,
        whole: keras.Model,
        checkpoints: Checkpoints,
        history: pd.DataFrame,
        patience: int | None,
        planned: int,
    ) -> None:
        super().__init__()
        self.phase = phase
        self.history_table = history
        self._whole = whole
        self._checkpoints = checkpoints
        self._patience = patience
        self._planned = planned

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record, log, save."""
        row: dict[str, Any] = {
            "epoch": epoch + 1,
            "phase": self.phase,
            **{name: float(value) for name, value in (logs or {}).items()},
            "learning_rate": float(self.model.optimizer.learning_rate.numpy()),
            "seconds": round(time.perf_counter() - self._started, 2),
        }
        rows = [*self.history_table.to_dict("records"), row]
        self.history_table = pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))
        self._checkpoints.save(self._whole, self.model.optimizer, self.history_table)
        measured = f"epoch %d of {self._planned} (%s): loss %.4f, accuracy %.3f"
        if "val_loss" in row:
            measured += "; validation loss %.4f, accuracy %.3f"
        _log.info(measured, *(row[name] for name in HISTORY_COLUMNS[:6] if name in row))
        if is_patience_used_up(self.history_table, self.phase, self._patience):
            self.model.stop_training = True


class ProgressReporter(keras.callbacks.Callback):
    """Tell how many training steps of all phases are done.

    Parameters
    ----------
    steps_per_epoch, epochs
        Of the whole run.
    skipped
        How many of the epochs that came before took next to no time and are not among these; less
        than 0 where an earlier phase stopped before its end.
    on_progress
        Called with the steps done and all steps.
    """

    def __init__(
        self,
        steps_per_epoch: int,
        epochs: int,
        skipped: int,
        on_progress: Callable[[int, int], None],
    ) -> None:
        super().__init__()
        self._steps_per_epoch = steps_per_epoch
        self._total = steps_per_epoch * epochs
        self._skipped = skipped
        self._on_progress = on_progress
        self._done = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Count from the epoch's number, which a resumed run does not start at 0."""
        self._done = (epoch - self._skipped) * self._steps_per_epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Report one step."""
        self._done += 1
        self._on_progress(self._done, self._total)


def is_patience_used_up(history: pd.DataFrame, phase: str, patience: int | None) -> bool:
    """Tell whether the last `patience` epochs of a phase brought no lower validation loss."""
    losses = history.loc[history["phase"] == phase, "val_loss"]
    if patience is None or losses.empty:
        return False
    return len(losses) - 1 - find_lowest(losses) >= patience
