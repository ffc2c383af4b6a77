"""How well a model knows its training slices again, by their codes alone, without pixels.

    python -m benchmarks.robustness.known

One slice of each group of the public datasets (or phantoms, where there are none) is what a model
knows. A copy of each, edited as in `copies.py`, should be recognized. The same slices are then
searched for without themselves among what is known: whatever is recognized then is left out of an
evaluation for no reason.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.robustness.copies import (
    EDITS,
    Image,
    describe,
    draw_phantoms,
    find_real_slices,
    know,
    read_originals,
)
from tumorscope.auditing.reading import read_folders
from tumorscope.copies.known import LARGEST_DISTANCE, find_known
from tumorscope.copies.search import CodeIndex

PHANTOMS = 400


def measure(images: Sequence[Image]) -> None:
    """Print what is recognized of copies, and of slices that are none."""
    _, known = describe(images)
    print("| slices | recognized |\n| --- | ---: |")
    for kind, edit in EDITS.items():
        streams = np.random.default_rng(0).spawn(len(images))
        copies = [edit(image, stream) for image, stream in zip(images, streams, strict=True)]
        share = find_known(describe(copies)[1], known).mean()
        print(f"| {kind} | {share:.3f} |", flush=True)
    found = CodeIndex(known).search(known)
    near = (found.first != found.second) & (found.distance <= LARGEST_DISTANCE)
    share = len(np.unique(found.first[near])) / len(images)
    print(f"| others, not among what is known | {share:.3f} |")


def read_different(folders: Sequence[Path]) -> list[Image]:
    """Read one slice of each group."""
    reading = read_folders(folders)
    groups = know(reading.thumbnails, reading.codes, reading.slices["sha256"]).groups
    return read_originals(reading, folders, np.unique(groups, return_index=True)[1])


def main() -> None:
    """Measure on real slices, or on phantoms."""
    folders = find_real_slices()
    images = read_different(folders) if folders else draw_phantoms(PHANTOMS)
    print(f"{len(images)} different {'slices' if folders else 'phantoms'}\n")
    measure(images)


if __name__ == "__main__":
    main()
