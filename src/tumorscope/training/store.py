"""The prepared slices of a training with the masks of their lesions, kept as memory allows."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.lesion_masks import open_masks, read_mask
from tumorscope.dataset.recorded import MASK_SHA256
from tumorscope.errors import InputError
from tumorscope.preprocessing import prepare_mask, prepare_slice
from tumorscope.recipe import PreprocessingSettings
from tumorscope.scans.images import read_slice
from tumorscope.training.draws import number_pictures, weigh_draws

Pixels = NDArray[np.uint8]


class SliceStore:
    """The prepared slices of a manifest, decoded when asked for and kept as far as memory allows.

    With each slice comes the mask of its lesion. It is empty where there is no tumor, and where
    nobody outlined it; `knows_lesion` tells these apart.

    The first slices that fit stay; the rest is decoded again in each epoch. As every epoch
    visits every slice once, replacing one by another would keep no more of them.

    Parameters
    ----------
    manifest
        With the columns ``path``, ``label``, ``group`` and, where lesions are outlined, ``mask``;
        what `weigh_draws` takes; and, where recorded, ``sha256`` and ``mask_sha256``: nothing is
        learned from what has changed since.
    settings
        How slices are prepared.
    cache_mb
        Most memory that decoded slices may take, MiB.
    """

    def __init__(
        self, manifest: pd.DataFrame, settings: PreprocessingSettings, cache_mb: int
    ) -> None:
        self.labels = manifest["label"].to_numpy(np.float32)
        self.copies = number_pictures(manifest)
        self.weights = weigh_draws(manifest)
        self._paths = [Path(path) for path in manifest["path"]]
        self._masks = open_masks(manifest)
        self._recorded = _list_recorded(manifest, "sha256")
        self._recorded_masks = _list_recorded(manifest, MASK_SHA256)
        is_outlined = np.array([mask is not None for mask in self._masks])
        self.knows_lesion = is_outlined | (self.labels == 0)
        self.side_px = settings.side_px
        self._settings = settings
        self._room = cache_mb * 2**20
        self._no_mask = np.zeros((settings.side_px, settings.side_px), np.uint8)
        self._cache: dict[int, tuple[Pixels, Pixels]] = {}
        self._pool = ThreadPoolExecutor(os.cpu_count())
        self.error: InputError | None = None

    def __len__(self) -> int:
        return len(self._paths)

    def read_batch(self, rows: NDArray[np.int64]) -> tuple[Pixels, Pixels]:
        """Give prepared slices and their masks, uint8.

        The first are (N, side, side, C), where C is 1 if all are gray, else 3; the masks are
        (N, side, side, 1), 255 inside a lesion.

        Raises
        ------
        InputError
            A file cannot be read, or has changed; kept as `error`, too, as TensorFlow hides it.
        """
        try:
            pairs = list(self._pool.map(self._read, rows.tolist()))
        except InputError as error:
            self.error = error
            raise
        for row, (pixels, mask) in zip(rows.tolist(), pairs, strict=True):
            size = pixels.nbytes + (0 if mask is self._no_mask else mask.nbytes)
            if row not in self._cache and size <= self._room:
                self._cache[row] = pixels, mask
                self._room -= size
        slices, masks = zip(*pairs, strict=True)
        channels = max(pixels.shape[2] for pixels in slices)
        return np.stack(
            [np.broadcast_to(pixels, (*pixels.shape[:2], channels)) for pixels in slices]
        ), np.stack(masks)[..., np.newaxis]

    def close(self) -> None:
        """Let go of the decoded slices; TensorFlow holds on to a dataset's generator for good."""
        self._cache.clear()
        self._pool.shutdown()

    def _read(self, row: int) -> tuple[Pixels, Pixels]:
        """Give a slice, shape (side, side, 1) if it is gray as most are, else 3, and its mask."""
        if row in self._cache:
            return self._cache[row]
        image = read_slice(self._paths[row], self._recorded[row])
        size_hw = image.shape[0], image.shape[1]
        prepared, box = prepare_slice(image, self._settings)
        is_gray = bool((prepared == prepared[..., :1]).all())
        mask = self._no_mask
        if (outline := self._masks[row]) is not None:
            mask_hw = read_mask(outline, *size_hw, self._recorded_masks[row])
            mask = prepare_mask(mask_hw.astype(np.uint8) * 255, box, self.side_px)
        return prepared[..., :1].copy() if is_gray else prepared, mask


def _list_recorded(manifest: pd.DataFrame, column: str) -> list[str | None]:
    if column not in manifest:
        return [None] * len(manifest)
    return [value if isinstance(value, str) else None for value in manifest[column]]
