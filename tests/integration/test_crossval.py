"""A real cross-validation of phantoms: killed at any moment it ends as an uninterrupted one."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tumorscope.workflows.compare import compare
from tumorscope.workflows.phantom import phantom

SETTINGS = (
    "model.backbone=efficientnetlite0",
    "model.weights=random",
    "preprocessing.side_px=32",
    "training.epochs=3",
    "training.fine_tune_epochs=0",
    "training.learning_rate=0.01",
    "training.batch_size=8",
)


def start(data: Path, cv: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tumorscope", "crossval", str(data), "--out", str(cv)]
    settings = [part for setting in SETTINGS for part in ("--set", setting)]
    return subprocess.Popen([*command, *settings, "--folds", "2", "--resume", "--quiet"])


def kill_once(process: subprocess.Popen[bytes], is_time) -> None:
    deadline = time.monotonic() + 300
    while not is_time():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.slow
def test_a_killed_cross_validation_ends_as_an_uninterrupted_one(tmp_path):
    data, broken, whole = (tmp_path / name for name in ("data", "broken", "whole"))
    phantom(data, count=24, seed=5)
    first, second = (broken / "folds" / f"repeat-0-fold-{fold}" for fold in (0, 1))
    kill_once(start(data, broken), (second / "checkpoints" / "last.npz").exists)
    finished = (first / "predictions.csv").stat().st_mtime_ns
    # The same, but for the second fold, which starts anew.
    shutil.copytree(broken, whole, ignore=shutil.ignore_patterns(second.name))

    assert start(data, broken).wait() == 0
    assert (first / "predictions.csv").stat().st_mtime_ns == finished
    assert (second / "log.txt").read_text("utf-8").count("epoch 1 ") == 1
    assert start(data, whole).wait() == 0

    assert not list(broken.rglob("checkpoints"))
    assert not list(broken.rglob(".*"))
    for name in ("folds.csv", "predictions.csv", "metrics.json", "figures/roc.png"):
        assert (broken / name).read_bytes() == (whole / name).read_bytes()
    assert (whole / "report.html").read_text("utf-8").count("data:image/png;base64,") == 3
    predictions = pd.read_csv(whole / "predictions.csv")
    assert len(predictions) == predictions["slice"].nunique() == 24
    metrics = json.loads((whole / "metrics.json").read_text())
    assert metrics["slices"] == metrics["guard"]["slices"] == 24
    comparison = compare(whole, broken, tmp_path / "comparison")
    assert comparison["differences"]["log_loss"]["difference"] == 0
