"""Hostile files, see tests/hostile.py, through the whole of `tumorscope predict`."""

import csv
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hostile import list_good_files, make_hostile_files, write_hostile_files
from tumorscope.inference.engine import count_cores
from tumorscope.phantoms import draw_phantom
from tumorscope.workflows.predict.command import predict

COUNT = 77
FEW = 33
MANY = 4 * 32 * count_cores()  # so many pictures before all others are divided among processes
MOST_SECONDS = 5
MOST_MEMORY_MB = 1024
# A process counts the memory of the one it was started from, which here may hold TensorFlow: a
# small one in between starts the command, waits, and ends with its exit code.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(f"\\npeak {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}", file=sys.stderr)
sys.exit(code)
"""


def draw_slices(seed: int) -> list[np.ndarray]:
    return [draw_phantom(seed, index, has_tumor=True).image_hw for index in range(4)]


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """What the hostile files are made from."""
    return draw_slices(seed=1)


def write_good_files(folder: Path) -> list[Path]:
    """Write slices in all formats, other ones than in the hostile files, some of which are good."""
    paths = []
    for number, gray in enumerate(draw_slices(seed=2)):
        for ending, make in list_good_files(gray).items():
            paths.append(folder / f"{number:02d}-good{ending}")
            paths[-1].write_bytes(make())
    return paths


@pytest.mark.parametrize(
    ("before", "count"), [(0, COUNT), (MANY, FEW)], ids=["in threads", "in processes"]
)
def test_good_files_among_hostile_ones_are_answered_and_the_bad_ones_named(
    tiny_artifact, images, tmp_path, before, count
):
    folder, results = tmp_path / "scans", tmp_path / "results"
    for made in (folder, results):
        made.mkdir()
    small = Image.fromarray(images[0]).resize((64, 64))
    for number in range(before):
        small.save(folder / f" {number:04d}.png")
    hostile = write_hostile_files(folder, images, count, seed=4)
    good = write_good_files(folder)
    table, output = results / "answers.csv", tmp_path / "output.txt"
    command = [sys.executable, "-m", "tumorscope", "predict", "--quiet", str(folder)]
    command += ["--model", str(tiny_artifact), "--out", str(table)]
    command += ["--overlays", str(results / "overlays")]
    with output.open("wb") as stream:
        process = subprocess.run(
            [sys.executable, "-c", MEASURE, *command], stdout=stream, stderr=stream, check=False
        )
    complaints, _, peak = output.read_text().rpartition("\npeak ")
    assert process.returncode == 2, complaints
    assert "Traceback" not in complaints
    assert int(peak) / (1024**2 if sys.platform == "darwin" else 1024) < MOST_MEMORY_MB
    with table.open(encoding="utf-8", newline="") as file:
        answered = [row["path"] for row in csv.DictReader(file)]
    assert sum(name.startswith(f"{folder}/ ") for name in answered) == before
    for path in good:
        assert any(name.startswith(str(path)) for name in answered), path.name
        assert f"{path}:" not in complaints
    for path in hostile:
        named = [line for line in complaints.splitlines() if line.startswith(str(path))]
        assert named or any(name.startswith(str(path)) for name in answered), path.name
        assert all(line.partition(": ")[2] for line in named)
    assert "secret" not in (complaints + " ".join(answered)).lower()
    assert sorted(path.name for path in results.iterdir()) == ["answers.csv", "overlays"]
    assert {path.suffix for path in (results / "overlays").glob("[!.]*")} == {".png"}
    assert sorted(tmp_path.iterdir()) == sorted([folder, results, output])


def test_no_hostile_file_takes_long_alone(tiny_artifact, images, tmp_path):
    for name, data in make_hostile_files(images, FEW, seed=5):
        path = tmp_path / name
        path.write_bytes(data)
        refused: list[object] = []
        start = time.perf_counter()
        counts = predict(
            path, tmp_path / "answers.csv", tiny_artifact, on_unreadable=refused.append
        )
        assert time.perf_counter() - start < MOST_SECONDS, name
        assert counts.slices + counts.unreadable > 0, name
        assert counts.unreadable == len(refused)
        assert all(str(one).startswith(str(path)) for one in refused)
        path.unlink()
        assert [left.name for left in tmp_path.iterdir()] == ["answers.csv"]
