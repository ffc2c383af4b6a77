import pytest

from tumorscope.training.callbacks import ProgressReporter


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
