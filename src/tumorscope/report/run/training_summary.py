"""A training in a few numbers."""

from dataclasses import dataclass

import pandas as pd

from tumorscope.report.wording import format_duration


@dataclass(frozen=True)
class TrainingSummary:
    """How long a training went and which of its epochs was kept.

    Parameters
    ----------
    frozen_epochs, fine_tuned_epochs
        The epochs of the two phases.
    best_epoch
        The epoch of the lowest validation loss, counted from 1 over both phases; None when no
        epoch has one.
    duration
        The time of all epochs, in words.
    """

    frozen_epochs: int
    fine_tuned_epochs: int
    best_epoch: int | None
    duration: str


def summarize_training(history: pd.DataFrame) -> TrainingSummary:
    """Count the epochs of a training history and find the best one.

    Parameters
    ----------
    history
        One row per epoch with `epoch`, `phase` (`frozen` or `fine_tune`), `val_loss` and
        `seconds`. Not modified.
    """
    measured = history.dropna(subset="val_loss")
    best = None if measured.empty else int(measured["epoch"].iloc[measured["val_loss"].argmin()])
    return TrainingSummary(
        frozen_epochs=int((history["phase"] == "frozen").sum()),
        fine_tuned_epochs=int((history["phase"] == "fine_tune").sum()),
        best_epoch=best,
        duration=format_duration(float(history["seconds"].sum())),
    )
