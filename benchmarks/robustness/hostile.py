"""What hostile files do to `tumorscope predict`, and to the good files among them.

    TUMORSCOPE_DATA=... python -m benchmarks.robustness.hostile --model dist/model

The files are those of `tests/hostile.py`, made from real slices (phantoms, where there are none).
All lie in one folder, with good files in every format among them, and are answered by one command;
then by another, after so many good pictures that it divides its work among processes. Then each is
answered alone.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.speed.memory import watch_memory
from tumorscope.inference.engine import count_cores
from tumorscope.inference.predictor import Predictor
from tumorscope.phantoms import draw_phantom
from tumorscope.scans.scan import Unreadable

PROJECT = Path(__file__).parents[2]
SOURCES, GOOD = 200, 20
MANY_PER_CORE = 4 * 32

Gray = NDArray[np.uint8]


def read_slices(count: int) -> list[Gray]:
    """Read slices spread over the real ones, or draw phantoms."""
    data = Path(os.environ.get("TUMORSCOPE_DATA", PROJECT / "../shared/data"))
    paths = sorted(path for name in ("navoneel", "br35h") for path in data.glob(f"{name}/*/*.jpg"))
    if not paths:
        return [draw_phantom(0, index, has_tumor=True).image_hw for index in range(count)]
    chosen = np.linspace(0, len(paths) - 1, count).astype(int)
    return [np.asarray(Image.open(paths[index]).convert("L")) for index in chosen]


def write_files(folder: Path, count: int, seed: int) -> tuple[list[Path], list[Path]]:
    """Write hostile and good files, made from different slices, to one folder."""
    sys.path.insert(0, str(PROJECT / "tests"))
    from hostile import list_good_files, write_hostile_files

    slices = read_slices(SOURCES + GOOD)
    hostile = write_hostile_files(folder, slices[GOOD:], count, seed)
    good = []
    for number, gray in enumerate(slices[:GOOD]):
        for ending, make in list_good_files(gray).items():
            good.append(folder / f"{number * count // GOOD:04d}-good{ending}")
            good[-1].write_bytes(make())
    return hostile, good


def write_pictures(folder: Path) -> Path:
    """Write as many good pictures as make a command begin processes."""
    folder.mkdir()
    for number, gray in enumerate(read_slices(MANY_PER_CORE * count_cores())):
        Image.fromarray(gray).save(folder / f"{number:04d}.png")
    return folder


def answer_folders(folders: list[Path], model: Path, hostile: list[Path], good: list[Path]) -> None:
    """Answer for all files by one command; print how it ended and what it took."""
    *before, folder = folders
    table, output = folder.parent / "answers.csv", folder.parent / "output.txt"
    command = [sys.executable, "-m", "tumorscope", "predict", "--quiet", *map(str, folders)]
    command += ["--model", str(model), "--out", str(table)]
    start = time.perf_counter()
    with output.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
        peak = watch_memory(process)
    seconds = time.perf_counter() - start
    lines = output.read_text(errors="replace").splitlines()
    with table.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        answered = [row["path"] for row in csv.DictReader(file)]
    counts = Counter(tell_end(path, answered, lines) for path in hostile)
    place = "in one folder, after pictures" if before else "in one folder"
    print(f"{len(hostile)} hostile and {len(good)} good files {place}:")
    print(f"exit code {process.returncode}, {seconds:.0f} s")
    print(f"peak memory {peak:.0f} MB")
    print(f"tracebacks {sum('Traceback' in line for line in lines)}")
    print(f"hostile: {', '.join(f'{count} {end}' for end, count in sorted(counts.items()))}")
    print(f"good: {Counter(tell_end(path, answered, lines) for path in good)['answered']} answered")


def tell_end(path: Path, answered: list[str], lines: list[str]) -> str:
    """Tell what became of a file: one of which anything is answered counts as answered."""
    if any(name.startswith(str(path)) for name in answered):
        return "answered"
    return "refused" if any(line.startswith(f"{path}") for line in lines) else "passed over"


def answer_alone(paths: list[Path], model: Path) -> None:
    """Answer for one file after the other; print the time of the slowest."""
    predictor = Predictor.load(model)
    seconds = {path: time_one(predictor, path) for path in paths}
    slowest = sorted(seconds, key=seconds.__getitem__)[-3:]
    print("alone, the slowest: " + ", ".join(f"{seconds[p]:.2f} s ({p.name})" for p in slowest))


def time_one(predictor: Predictor, path: Path) -> float:
    """Give the seconds for all that one file holds."""
    start = time.perf_counter()
    results: Iterator[object] = predictor.stream([path])
    ends = Counter("refused" if isinstance(one, Unreadable) else "answered" for one in results)
    if not ends:
        raise RuntimeError(f"{path}: neither answered nor refused")
    return time.perf_counter() - start


def main() -> None:
    """Write the files, answer for them, print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "scans"
        folder.mkdir()
        hostile, good = write_files(folder, args.count, args.seed)
        answer_folders([folder], args.model, hostile, good)
        pictures = write_pictures(folder.parent / "pictures")
        answer_folders([pictures, folder], args.model, hostile, good)
        answer_alone(hostile, args.model)


if __name__ == "__main__":
    main()
