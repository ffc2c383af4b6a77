"""A training killed at any moment goes on and ends as if nothing had happened."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tumorscope.workflows.phantom import phantom

SETTINGS = (
    "model.backbone=efficientnetlite0",
    "model.weights=random",
    "preprocessing.side_px=32",
    "training.epochs=3",
    "training.fine_tune_epochs=2",
    "training.fine_tune_learning_rate=0.001",
    "training.batch_size=8",
)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms") / "data"
    phantom(folder, count=24, seed=5)
    return folder


def start_training(data: Path, run: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tumorscope", "train", str(data), "--out", str(run)]
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    return subprocess.Popen([*command, *settings, "--resume", "--quiet"])


def kill_once_logged(process: subprocess.Popen[bytes], log: Path, text: str) -> None:
    deadline = time.monotonic() + 300
    while not (log.exists() and text in log.read_text("utf-8")):
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_run_killed_in_both_phases_ends_as_an_uninterrupted_one(phantoms, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert start_training(phantoms, whole).wait() == 0
    for moment in ("training default", "epoch 1 ", "epoch 4 ", "epoch 5 "):
        kill_once_logged(start_training(phantoms, broken), broken / "log.txt", moment)
    assert start_training(phantoms, broken).wait() == 0

    histories = [
        pd.read_csv(run / "history.csv").drop(columns="seconds") for run in (whole, broken)
    ]
    pd.testing.assert_frame_equal(*histories, check_exact=True)
    metrics = [json.loads((run / "evaluation/metrics.json").read_text()) for run in (whole, broken)]
    assert metrics[0] == metrics[1]
    assert len(histories[0]) == 5
    assert not list(broken.rglob(".*"))
