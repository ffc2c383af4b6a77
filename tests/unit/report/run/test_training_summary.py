import pandas as pd

from tumorscope.report.run.training_summary import TrainingSummary, summarize_training


def history(val_loss):
    return pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "phase": ["frozen", "fine_tune", "fine_tune"],
            "val_loss": val_loss,
            "seconds": [50.0, 40.0, 40.0],
        }
    )


def test_phases_duration_and_best_epoch():
    assert summarize_training(history([0.5, float("nan"), 0.4])) == TrainingSummary(
        frozen_epochs=1, fine_tuned_epochs=2, best_epoch=3, duration="2 min 10 s"
    )


def test_without_a_validation_loss_no_epoch_is_the_best():
    assert summarize_training(history([float("nan")] * 3)).best_epoch is None
