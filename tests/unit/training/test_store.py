import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.checksum import compute_sha256
from tumorscope.dataset.recorded import record_masks
from tumorscope.errors import InputError
from tumorscope.recipe import PreprocessingSettings
from tumorscope.scans.images import read_slice
from tumorscope.training import store as stores
from tumorscope.training.store import SliceStore

COUNT = 10
PREPROCESSING = PreprocessingSettings(side_px=32, crop_to_head=False)


def test_each_file_is_decoded_once_while_the_cache_has_room(manifest, monkeypatch):
    decoded = count_decoding(monkeypatch)
    store = SliceStore(manifest, PREPROCESSING, cache_mb=1)
    for _ in range(3):
        store.read_batch(np.arange(COUNT))
    assert len(decoded) == COUNT


def test_the_cache_never_outgrows_its_limit(manifest, monkeypatch):
    decoded = count_decoding(monkeypatch)
    store = SliceStore(manifest, PREPROCESSING, cache_mb=0)
    first, second = (store.read_batch(np.arange(COUNT)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(decoded) == 2 * COUNT


def count_decoding(monkeypatch) -> list[str]:
    decoded: list[str] = []

    def read_and_count(path, sha256):
        decoded.append(path.name)
        return read_slice(path, sha256)

    monkeypatch.setattr(stores, "read_slice", read_and_count)
    return decoded


def test_gray_slices_take_a_third_of_the_memory_and_colored_ones_stay_colored(tmp_path):
    gray = np.random.default_rng(0).integers(0, 255, (32, 32), np.uint8)
    colored = np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8)
    for name, pixels in {"gray.png": gray, "colored.png": colored}.items():
        Image.fromarray(pixels).save(tmp_path / name)
    manifest = pd.DataFrame(
        {
            "path": [str(tmp_path / "gray.png"), str(tmp_path / "colored.png")],
            "label": [0, 1],
            "group": [0, 1],
        }
    )
    store = SliceStore(manifest, PREPROCESSING, cache_mb=1)
    for _ in range(2):
        read, _ = store.read_batch(np.arange(2))
        np.testing.assert_array_equal(read[0], np.repeat(gray[..., np.newaxis], 3, axis=-1))
        np.testing.assert_array_equal(read[1], colored)
    assert sum(pixels.nbytes for pixels, _ in store._cache.values()) == 32 * 32 * (1 + 3)


@pytest.mark.parametrize("column", ["path", "mask"])
def test_nothing_is_learned_from_a_slice_or_mask_that_changed(manifest, tmp_path, column):
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for path, slice_file in zip(paths, manifest["path"], strict=False):
        shutil.copy(slice_file, path)
    table = pd.DataFrame(
        {"path": map(str, paths[:2]), "label": [1, 1], "group": [0, 1], "mask": map(str, paths[2:])}
    )
    table["sha256"] = table["path"].map(lambda path: compute_sha256(Path(path)))
    table = record_masks(table)
    store = SliceStore(table, PREPROCESSING, cache_mb=0)
    store.read_batch(np.arange(2))
    one, other = table[column]
    shutil.copy(other, one)  # of the same size and kind, and a slice as well
    with pytest.raises(InputError, match=rf"{one}: changed since it was recorded"):
        store.read_batch(np.arange(2))
    assert store.error is not None
