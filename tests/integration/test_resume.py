"""A training killed at any moment goes on and ends as if nothing had happened."""

import json
from multiprocessing.process import BaseProcess
from pathlib import Path

import pandas as pd
import pytest

import small_backbone
from commands import await_end, kill_once, start_training
from tumorscope.workflows.phantom import phantom

SETTINGS = (
    *small_backbone.SETTINGS,
    "training.epochs=3",
    "training.fine_tune_epochs=2",
    "training.fine_tune_learning_rate=0.001",
    "training.unfrozen_layers=10",
    "training.batch_size=8",
)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms") / "data"
    phantom(folder, count=24, seed=5)
    return folder


def start(data: Path, run: Path) -> BaseProcess:
    return start_training(data, "--out", run, "--resume", settings=SETTINGS)


def kill_once_logged(process: BaseProcess, log: Path, text: str) -> None:
    kill_once(process, lambda: log.exists() and text in log.read_text("utf-8"))


@pytest.mark.slow
def test_a_run_killed_in_both_phases_ends_as_an_uninterrupted_one(phantoms, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    beside = start(phantoms, whole)
    for moment in ("training default", "epoch 1 ", "epoch 4 ", "epoch 5 "):
        kill_once_logged(start(phantoms, broken), broken / "log.txt", moment)
    assert await_end(start(phantoms, broken)) == 0
    assert await_end(beside) == 0

    histories = [
        pd.read_csv(run / "history.csv").drop(columns="seconds") for run in (whole, broken)
    ]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    metrics = [json.loads((run / "evaluation/metrics.json").read_text()) for run in (whole, broken)]
    assert metrics[0] == metrics[1]
    assert len(histories[0]) == 5
    assert not list(broken.rglob(".partial-*"))
