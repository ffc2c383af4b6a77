"""Divide slices by how they look, so that a whole look can be left out of a training.

    python -m benchmarks.accuracy.appearance SOURCE [SOURCE ...] --out folds.csv [--sheet looks.png]

Slices that differ in sequence (T1, T2, FLAIR, contrast agent), in windowing or in how they were
photographed look different. Each look becomes one fold of a table that `crossval --folds-file`
reads: the model that answers for a look has seen few slices like it. Groups of copies stay
whole. The looks are the clusters (k-means) of the gray levels of the head: their histogram, and
their mean and spread in rings from the rim of the head to its middle.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from tumorscope.dataset.folds import find_root, write_folds
from tumorscope.dataset.manifest import read_manifest
from tumorscope.preprocessing import prepare_slice
from tumorscope.recipe import PreprocessingSettings
from tumorscope.scans.images import read_slice

LOOKS, SIDE_PX, RINGS, BINS, COMPONENTS, SEED = 5, 96, 8, 16, 6, 0
PREPARATION = PreprocessingSettings(side_px=SIDE_PX, crop_to_head=True)


def read_head(path: str) -> NDArray[np.uint8]:
    """Read the head of a slice, shape (96, 96), uint8, gray."""
    prepared, _ = prepare_slice(read_slice(Path(path)), PREPARATION)
    return np.asarray(cv2.cvtColor(prepared, cv2.COLOR_RGB2GRAY), np.uint8)


def describe_look(head: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Describe the gray levels of a head whatever its orientation, shape (32,)."""
    levels = head / max(float(np.percentile(head, 99)), 1.0)
    rows, columns = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    ring = np.minimum((np.hypot(rows, columns) * RINGS).astype(int), RINGS)
    rings = [levels[ring == number] for number in range(RINGS)]
    histogram, _ = np.histogram(levels[ring < RINGS], BINS, (0, 1.2), density=True)
    return np.array([*histogram, *map(np.mean, rings), *map(np.std, rings)])


def find_looks(manifest: pd.DataFrame) -> pd.Series:
    """Give every slice the look of the first slice of its group, 0 (most groups) to 4."""
    first = manifest.groupby("group")["path"].first()
    looks = np.stack([describe_look(read_head(path)) for path in first])
    reduced = PCA(COMPONENTS, random_state=SEED).fit_transform(
        StandardScaler().fit_transform(looks)
    )
    cluster = pd.Series(KMeans(LOOKS, n_init=20, random_state=SEED).fit_predict(reduced))
    by_size = {name: rank for rank, name in enumerate(cluster.value_counts().index)}
    return manifest["group"].map(pd.Series(cluster.map(by_size).to_numpy(), first.index))


def draw_sheet(manifest: pd.DataFrame, looks: pd.Series, path: Path) -> None:
    """Draw some slices of each look, one row a look, to be looked at."""
    first = manifest.assign(look=looks).groupby("group").first()
    rows = [
        np.hstack([read_head(name) for name in slices["path"].sample(15, random_state=0)])
        for _, slices in first.groupby("look")
    ]
    cv2.imwrite(str(path), np.vstack(rows))


def write_looks(sources: Sequence[str | Path], out: Path, sheet: Path | None = None) -> None:
    """Write the table of folds, say what the looks hold, and draw some of each if asked to."""
    manifest, _ = read_manifest(sources)
    looks = find_looks(manifest)
    folds = pd.DataFrame({"repeat": 0, "fold": looks})
    write_folds(out, folds, manifest, find_root(manifest))
    first = manifest.assign(look=looks).groupby("group").first()
    print(first.groupby(["look", "label_name"]).size().unstack().to_string())
    if sheet is not None:
        draw_sheet(manifest, looks, sheet)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    write_looks(arguments.sources, arguments.out, arguments.sheet)


if __name__ == "__main__":
    main()
