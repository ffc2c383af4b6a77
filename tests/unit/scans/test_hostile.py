"""Files made to break a reader: see tests/hostile.py."""

import gc
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hostile import KINDS, make_hostile_files
from tumorscope.errors import InputError
from tumorscope.phantoms import draw_phantom
from tumorscope.scans.find import find_scans
from tumorscope.scans.scan import ScanSlice, Unreadable

COUNT = 110
MOST_SECONDS = 5
MOST_GROWTH_MB = 1024


@pytest.fixture(scope="module")
def good_images() -> list[np.ndarray]:
    """Real slices where there are some, synthetic ones elsewhere."""
    folder = os.environ.get("TUMORSCOPE_DATA")
    real = sorted(Path(folder, "navoneel").glob("*/*.jpg"))[:20] if folder else []
    images = [np.asarray(Image.open(path).convert("L")) for path in real]
    return images or [
        draw_phantom(seed=1, index=index, has_tumor=True).image_hw for index in range(4)
    ]


def read_peak_mb() -> float:
    """Give the most memory that this process has ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def read_all(path: Path) -> tuple[list[ScanSlice], list[str]]:
    """Read what can be read of a file, and say why the rest cannot; nothing else is caught."""
    slices, reasons = [], []
    for found in find_scans(path):
        if isinstance(found, Unreadable):
            reasons.append(str(found))
            continue
        try:
            for given in found.read():
                if isinstance(given, Unreadable):
                    reasons.append(str(given))
                else:
                    slices.append(given)
        except InputError as error:
            reasons.append(str(error))
    return slices, reasons


@pytest.mark.slow
def test_each_hostile_file_is_answered_or_refused_by_name_soon_and_in_little_memory(
    good_images, tmp_path
):
    start_mb = read_peak_mb()
    for name, data in make_hostile_files(good_images, COUNT, seed=0):
        path = tmp_path / name
        path.write_bytes(data)
        start = time.process_time()
        slices, reasons = read_all(path)
        assert time.process_time() - start < MOST_SECONDS, name
        assert slices or reasons, name
        for image in (given.image for given in slices):
            assert image.dtype == np.uint8
            assert image.shape[2:] == (3,)
        for text in [*reasons, *(given.name for given in slices)]:
            assert text.startswith(str(path)), name
            assert "secret" not in text.lower(), name
        path.unlink()
    assert read_peak_mb() - start_mb < MOST_GROWTH_MB


@pytest.mark.slow
def test_good_files_among_hostile_ones_are_all_answered(good_images, tmp_path):
    hostile = [*make_hostile_files(good_images, 3 * len(KINDS), seed=1)]
    for name, data in hostile:
        (tmp_path / name).write_bytes(data)
    for index in range(5):
        Image.fromarray(good_images[0]).save(tmp_path / f"good{index}.png")
    slices, reasons = read_all(tmp_path)
    assert sum(Path(given.name).name.startswith("good") for given in slices) == 5
    answered = " ".join([*reasons, *(given.name for given in slices)])
    for name, _ in hostile:
        assert name in answered


@pytest.mark.slow
def test_the_same_seed_makes_the_same_files(good_images):
    first, second = (dict(make_hostile_files(good_images, 22, seed=2)) for _ in range(2))
    assert first == second


@pytest.mark.slow
def test_nothing_is_written_beside_an_archive_with_tricky_paths(good_images, tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    for name, data in make_hostile_files(good_images, 2 * len(KINDS), seed=3):
        if "tricky" in name:
            (folder / name).write_bytes(data)
    before = sorted(tmp_path.rglob("*"))
    slices, reasons = read_all(folder)
    assert slices
    assert all(".." not in Path(given.name).parts for given in slices)
    assert all(text.isprintable() for text in [*reasons, *(given.name for given in slices)])
    gc.collect()
    assert sorted(tmp_path.rglob("*")) == before
