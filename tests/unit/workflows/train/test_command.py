import sys

import pandas as pd
import pytest

from tumorscope.errors import TumorscopeError
from tumorscope.workflows.train.command import train


@pytest.fixture
def begin(trainer, labelled_slices, tmp_path, monkeypatch):
    """Begin a training that fails at once, and give its manifest and its log."""
    monkeypatch.setattr(
        sys.modules["tumorscope.model.export"], "export_classifier", None, raising=False
    )
    trainer.fails_at = 1

    def begin(*overrides: str) -> tuple[pd.DataFrame, str]:
        run = tmp_path / "run"
        with pytest.raises(TumorscopeError, match="no memory left"):
            train(labelled_slices, run, overrides=overrides)
        return pd.read_csv(run / "manifest.csv"), (run / "log.txt").read_text("utf-8")

    return begin


def test_validation_part_has_what_the_decisions_need_before_anything_is_trained(begin):
    manifest, log = begin()
    held_back = manifest[manifest["split"] == "validation"]
    assert held_back.groupby("label")["group"].nunique().tolist() == [10, 10]
    assert "never" not in log


def test_data_that_cannot_give_it_are_warned_of_before_the_training(begin):
    _, log = begin("decision.conformal_error=0.02")
    warning = "To rule a class out takes 49 groups of it in the validation part. There are 3 of no"
    assert log.index(warning) < log.index("training default")
    assert "every verdict is uncertain" in log
