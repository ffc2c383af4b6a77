import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tumorscope.training.callbacks import EpochRecorder, ProgressReporter
from tumorscope.training.checkpoint import HISTORY_COLUMNS


@pytest.mark.parametrize(
    ("skipped", "epoch", "done"),
    [(0, 0, 1), (0, 3, 31), (20, 20, 1), (20, 22, 21), (-15, 5, 201)],
    ids=["start", "resumed", "after cached epochs", "resumed after these", "after an early stop"],
)
def test_progress_counts_the_steps_of_epochs_that_take_time(skipped, epoch, done):
    seen = []
    reporter = ProgressReporter(10, 48, skipped, lambda *counts: seen.append(counts))
    reporter.on_epoch_begin(epoch)
    reporter.on_train_batch_end(0)
    assert seen == [(done, 480)]


def test_log_says_which_epoch_of_how_many_in_all_phases(caplog):
    checkpoints = SimpleNamespace(save=lambda *_: None)
    history = pd.DataFrame(columns=list(HISTORY_COLUMNS))
    recorder = EpochRecorder("fine_tune", None, checkpoints, history, None, planned=48)
    rate = SimpleNamespace(numpy=lambda: np.float32(0.1))
    recorder.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=rate)))
    recorder.on_epoch_begin(3)
    with caplog.at_level(logging.INFO, "tumorscope"):
        recorder.on_epoch_end(3, {"loss": 0.5, "accuracy": 0.75})
    assert "epoch 4 of 48 (fine_tune): loss 0.5000" in caplog.text
