"""Files that vanish or change while a run is at work, or before it goes on."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import tumorscope
from small_backbone import SETTINGS
from tumorscope.errors import InputError

TESTS = Path(__file__).parents[1]
# As the command does it: TensorFlow is loaded only where it is kept quiet.
TRAIN = """
from tumorscope.workflows.training_extra import import_training
with import_training():
    import small_backbone
    small_backbone.add_small_backbone()
from tumorscope.cli.main import main
main()
"""
SHORT = (*SETTINGS, "training.epochs=2", "training.fine_tune_epochs=6", "training.batch_size=8")


@pytest.fixture
def data(tmp_path) -> Path:
    tumorscope.phantom(tmp_path / "data", count=24, seed=5)
    return tmp_path / "data"


def exchange(data: Path) -> None:
    """Exchange the contents of the classes: the names, and for all that, the sizes, stay."""
    for name, other in zip(*(sorted((data / x).iterdir()) for x in ("no", "yes")), strict=True):
        name.rename(data / "x")
        other.rename(name)
        (data / "x").rename(other)


@pytest.mark.slow
@pytest.mark.parametrize("cached", [True, False])
def test_a_picture_that_vanishes_in_mid_training_is_named_and_the_run_goes_on(
    data, tmp_path, small_training, cached
):
    run, moved = tmp_path / "run", tmp_path / "moved"
    settings = [*SHORT, f"training.cache_features={cached}", "training.cache_mb=0"]
    taken = []

    def take_away(stage: str, done: int, _: int) -> None:
        if stage == "training" and not taken:
            taken.extend(sorted((data / "yes").iterdir()))
            (data / "yes").rename(moved)

    with pytest.raises(InputError, match=r"yes/.*\.png: cannot be read: .*go on with --resume"):
        tumorscope.train(data, run, overrides=settings, on_progress=take_away)
    assert not (run / "model").exists()
    with pytest.raises(InputError, match=r"yes/.* and \d+ more: gone since the run was started"):
        tumorscope.train(data, run, overrides=settings, resume=True)
    moved.rename(data / "yes")
    tumorscope.train(data, run, overrides=settings, resume=True)
    assert (run / "report.html").exists()


@pytest.mark.slow
def test_the_command_ends_in_a_line_and_code_2(data, tmp_path):
    """Nothing is kept of decoded pictures here, so that each epoch reads the files again."""
    log = tmp_path / "run" / "log.txt"
    settings = [
        *SHORT,
        "training.epochs=200",
        "training.cache_features=false",
        "training.cache_mb=0",
    ]
    given = [
        "train",
        data,
        "--out",
        log.parent,
        "-q",
        *(x for one in settings for x in ("--set", one)),
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN, *map(str, given)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(TESTS)])},
    )
    while not (log.exists() and "epoch 1 " in log.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    shutil.rmtree(data / "no")
    _, said = process.communicate()
    assert process.returncode == 2
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith(f"tumorscope: error: {data / 'no'}"), said


@pytest.mark.slow
@pytest.mark.usefixtures("blank_figures")
def test_other_bytes_under_the_same_names_end_whatever_reads_them_again(
    phantom_run, data, tmp_path
):
    run = shutil.copytree(phantom_run, tmp_path / "run")
    original = phantom_run.parent / "slices"
    shutil.rmtree(data)
    shutil.copytree(original, data)
    text = (run / "manifest.csv").read_text().replace(str(original), str(data))
    (run / "manifest.csv").write_text(text)
    before = tumorscope.evaluate(run)
    exchange(data)
    named = rf"{data}/(no|yes)/.*changed \(another SHA-256\).*; put back what was there"
    for read_again in (tumorscope.evaluate, tumorscope.explain):
        with pytest.raises(InputError, match=named):
            read_again(run)
    exchange(data)
    assert tumorscope.evaluate(run) == before
    assert len(pd.read_csv(run / "manifest.csv")) == 40
