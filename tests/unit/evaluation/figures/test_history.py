import numpy as np
import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.figures import plot_history


def history(frozen=3, fine_tuned=2):
    epochs = np.arange(1, frozen + fine_tuned + 1)
    return pd.DataFrame(
        {
            "epoch": epochs,
            "phase": ["frozen"] * frozen + ["fine_tune"] * fine_tuned,
            "loss": 0.6 / epochs,
            "accuracy": 1 - 0.3 / epochs,
            "val_loss": np.abs(epochs - 4) * 0.1 + 0.2,
            "val_accuracy": 0.9 - np.abs(epochs - 4) * 0.05,
        }
    )


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_both_panels_draw_training_and_validation_of_every_epoch():
    table = history()
    accuracy, loss = plot_history(table).axes
    for axes, column in ((accuracy, "accuracy"), (loss, "loss")):
        for label, name in (("training", column), ("validation", f"val_{column}")):
            line = lines(axes)[label]
            assert line.get_xdata().tolist() == [1, 2, 3, 4, 5]
            assert line.get_ydata().tolist() == table[name].tolist()


def test_the_epoch_of_the_lowest_validation_loss_is_marked_in_both_panels():
    accuracy, loss = plot_history(history()).axes
    assert lines(accuracy)["best epoch: 4 (0.900)"].get_xydata().tolist() == [[4, 0.9]]
    assert lines(loss)["best epoch: 4 (0.200)"].get_xydata().tolist() == [[4, 0.2]]


def test_the_switch_of_phase_is_a_labelled_line_between_the_epochs():
    for axes in plot_history(history(frozen=3)).axes:
        vertical = [line for line in axes.get_lines() if list(line.get_xdata()) == [3.5, 3.5]]
        assert len(vertical) == 1
        assert [text.get_text() for text in axes.texts] == ["fine-tuning"]


@pytest.mark.parametrize("phases", [(4, 0), (0, 4)])
def test_one_phase_alone_has_no_switch(phases):
    for axes in plot_history(history(*phases)).axes:
        assert not axes.texts


def test_an_epoch_without_validation_loss_is_never_the_best():
    table = history()
    table.loc[3, "val_loss"] = np.nan
    assert any(label.startswith("best epoch: 3") for label in lines(plot_history(table).axes[0]))
    table["val_loss"] = np.nan
    assert not any(label.startswith("best") for label in lines(plot_history(table).axes[0]))


def test_the_table_of_the_caller_stays_unchanged():
    table = history()
    plot_history(table)
    pd.testing.assert_frame_equal(table, history())


def test_a_history_that_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="holds no epoch"):
        plot_history(history(0, 0))
    with pytest.raises(InputError, match="no column val_loss"):
        plot_history(history().drop(columns="val_loss"))


@pytest.mark.parametrize("epochs", [1, 2, 40])
def test_epochs_are_counted_in_whole_numbers(epochs):
    for axes in plot_history(history(epochs, 0)).axes:
        ticks = axes.get_xticks()
        assert len(ticks) > 0
        assert np.array_equal(ticks, np.round(ticks))


def test_training_without_a_validation_part_has_its_own_curves_only():
    accuracy, loss = plot_history(history().assign(val_loss=np.nan, val_accuracy=np.nan)).axes
    for axes in (accuracy, loss):
        assert not [name for name in lines(axes) if name.startswith(("validation", "best"))]
        assert "training" in lines(axes)
