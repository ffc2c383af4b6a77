from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tumorscope.scans.find import find_scans
from tumorscope.scans.scan import ScanSlice, Unreadable


@pytest.fixture
def gray_hw() -> np.ndarray:
    """Noise whose halves differ, shape (40, 48), uint8, from 0 to 255."""
    gray = np.random.default_rng(3).integers(0, 128, (40, 48), dtype=np.uint8)
    gray[:20] += 100
    gray[:, :24] += 20
    gray[0, :2] = 0, 255
    return gray


@pytest.fixture
def read(tmp_path) -> Callable[..., list[ScanSlice]]:
    """Write bytes to a file and read all its slices."""

    def write_and_read(data: bytes, name: str = "scan", **options: object) -> list[ScanSlice]:
        path = tmp_path / name
        path.write_bytes(data)
        (scan,) = find_scans(path, **options)
        if isinstance(scan, Unreadable):
            pytest.fail(str(scan))
        return list(scan.read())

    return write_and_read


@pytest.fixture
def write_files(tmp_path) -> Callable[..., Path]:
    """Write named contents below a folder."""

    def write(files: dict[str, bytes]) -> Path:
        for name, data in files.items():
            path = tmp_path / "study" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return tmp_path / "study"

    return write
