"""What the search for copies costs, and what it finds, among 3,000 to 300,000 slices.

    python -m benchmarks.speed.duplicates

The codes are synthetic: coefficients are drawn from a normal distribution with the mean and
covariance that they have over phantoms, frames together, so that unlike slices are as near to each
other as they are in a real collection. One slice in a hundred becomes a copy of another one, in any
orientation, with up to a fifth of its bits wrong. Each size runs in a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.copies import nearest
from tumorscope.copies.codes import (
    CODE_BITS,
    ORIENTATIONS,
    Codes,
    keep_indexed,
    orient_codes,
)
from tumorscope.copies.search import CodeIndex
from tumorscope.copies.thumbnails import FRAMES, cut_frames, take_thumbnail
from tumorscope.phantoms import draw_phantom

SIZES = (3_000, 30_000, 300_000)
PHANTOMS = 600
COPIED = 0.01
MOST_WRONG_BITS = 0.2
# All pairs of 300,000 slices would take hours: there, this many slices stand for all.
FLAT_QUERIES = 300
LARGEST_FLAT = 30_000

_COEFFICIENTS, _SIDE_PX = 16, 32
_SLICES_PER_BLOCK = 5_000


def draw_codes(count: int, generator: np.random.Generator) -> Codes:
    """Draw codes of slices that are no copies of each other, shape (count, frames, 32)."""
    mean, root = _fit_coefficients()
    blocks = []
    for start in range(0, count, _SLICES_PER_BLOCK):
        size = min(_SLICES_PER_BLOCK, count - start)
        noise = generator.standard_normal((size, len(root)), dtype=np.float32)
        bits = (mean + noise @ root).reshape(size, len(FRAMES), CODE_BITS) > 0
        bits[..., 0] = False  # as in a code: the mean says nothing
        blocks.append(np.packbits(bits, axis=-1))
    return np.concatenate(blocks)


def plant_copies(codes: Codes, generator: np.random.Generator) -> NDArray[np.int64]:
    """Turn some slices into copies of others, in place; give rows (copy, original)."""
    count = max(round(COPIED * len(codes)), 20)
    chosen = generator.permutation(len(codes))[: 2 * count]
    copies, originals = chosen[:count], chosen[count:]
    turned = orient_codes(codes[originals])
    orientation = generator.integers(ORIENTATIONS, size=count)
    own = turned[np.arange(count), :, orientation]
    share = generator.uniform(0, MOST_WRONG_BITS, (count, 1, 1))
    wrong = generator.random((count, len(FRAMES), CODE_BITS)) < share
    codes[copies] = own ^ np.packbits(wrong, axis=-1)
    return np.stack([copies, originals], axis=1)


def measure(count: int) -> dict[str, float]:
    """Search one size, and the same by all pairs."""
    generator = np.random.default_rng(0)
    codes = draw_codes(count, generator)
    planted = plant_copies(codes, generator)
    start = time.perf_counter()
    index = CodeIndex(keep_indexed(codes))
    built = time.perf_counter() - start
    found = index.search(codes)
    seconds = time.perf_counter() - start
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    recall = np.mean([(a, b) in pairs or (b, a) in pairs for a, b in planted.tolist()])
    return {
        "slices": count,
        "build_s": built,
        "search_s": seconds,
        "peak_gb": peak_gb,
        "recall": float(recall),
        **_measure_all_pairs(codes, planted),
    }


def _measure_all_pairs(codes: Codes, planted: NDArray[np.int64]) -> dict[str, float]:
    """Search for the same with an index that compares every code, for all slices or for some."""
    queries = len(codes) if len(codes) <= LARGEST_FLAT else FLAT_QUERIES
    rows = planted[:, 0] if queries < len(codes) else np.arange(len(codes))
    rows = rows[:queries]
    with patch.object(nearest, "_LARGEST_FLAT_INDEX", sys.maxsize):
        index = CodeIndex(keep_indexed(codes))
        start = time.perf_counter()
        found = index.search(codes[rows])
        seconds = (time.perf_counter() - start) * len(codes) / len(rows)
    pairs = set(zip(rows[found.first].tolist(), found.second.tolist(), strict=True))
    known = planted[np.isin(planted[:, 0], rows)].tolist()
    recall = np.mean([(a, b) in pairs or (b, a) in pairs for a, b in known])
    return {"all_pairs_s": seconds, "all_pairs_queries": len(rows), "all_pairs_recall": recall}


def _fit_coefficients() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit a normal distribution to the coefficients of all frames: mean, root of covariance."""
    with ThreadPoolExecutor() as pool:
        values = np.stack(list(pool.map(_compute_coefficients, range(PHANTOMS))))
    mean, deviation = values.mean(axis=0), values.std(axis=0) + 1e-3
    covariance = np.cov(((values - mean) / deviation).T)
    # Fewer phantoms than coefficients: some of what is left over is independent.
    covariance = 0.9 * covariance + 0.1 * np.eye(len(mean))
    root = np.linalg.cholesky(covariance).T * deviation
    return mean.astype(np.float32), root.astype(np.float32)


def _compute_coefficients(index: int) -> NDArray[np.float32]:
    gray_hw = draw_phantom(0, index, has_tumor=index % 2 == 1).image_hw
    frames = cut_frames(take_thumbnail(np.repeat(gray_hw[..., np.newaxis], 3, axis=-1)))
    return np.concatenate(
        [
            cv2.dct(cv2.resize(frame, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA) * 1.0)[
                :_COEFFICIENTS, :_COEFFICIENTS
            ].ravel()
            for frame in frames
        ]
    ).astype(np.float32)


def main() -> None:
    """Run each size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", type=int, help="measure this size here and print JSON")
    arguments = parser.parse_args()
    if arguments.size:
        print(json.dumps(measure(arguments.size)))
        return
    print(
        "| slices | index, s | index and search, s | all pairs, s | faster | peak, GB | recall |",
        end="",
    )
    print(" recall of all pairs | growth |\n|" + " ---: |" * 9)
    before: dict[str, float] | None = None
    for size in SIZES:
        command = [sys.executable, "-m", __spec__.name, "--size", str(size)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        print(_format(result, before), flush=True)
        before = result
    print(
        f"\nAll pairs of more than {LARGEST_FLAT:,} slices: estimated from {FLAT_QUERIES} of them."
        "\nGrowth: the exponent of the time between two sizes; all pairs have 2."
    )


def _format(result: dict[str, float], before: dict[str, float] | None) -> str:
    growth = "-"
    if before:
        times, sizes = (result[key] / before[key] for key in ("search_s", "slices"))
        growth = f"{np.log(times) / np.log(sizes):.2f}"
    cells = (
        f"{result['slices']:,.0f}",
        f"{result['build_s']:.1f}",
        f"{result['search_s']:.1f}",
        f"{result['all_pairs_s']:,.0f}"
        if result["all_pairs_s"] >= 10
        else f"{result['all_pairs_s']:.1f}",
        f"{result['all_pairs_s'] / result['search_s']:.1f}",
        f"{result['peak_gb']:.2f}",
        f"{result['recall']:.3f}",
        f"{result['all_pairs_recall']:.3f}",
        growth,
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
