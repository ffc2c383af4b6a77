"""How many montages of real slices are refused, and how many single slices wrongly.

    python -m benchmarks.robustness.montages ../shared/data

Single slices are all JPEG and PNG files below the folders of DATA; a montage is made of slices of
one of four folders. docs/guard.md has the figures.
"""

import argparse
import random
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.inference.guard import SEVERAL, check_pixels
from tumorscope.preprocessing import Box, pad_to_square, take_gray
from tumorscope.scans.images import read_slice

SOURCES = ("navoneel", "br35h", "cheng", "various")  # of the others many slices show little
LAYOUTS = ((1, 2), (2, 1), (2, 2), (3, 3), (4, 4))
LINES = ((0, 0), (6, 0), (6, 255))  # between slices: width, gray
COUNT = 60
SIDE_PX = 160


def list_slices(folder: Path) -> list[Path]:
    """List the pictures of a source, its masks left out."""
    kinds = (".jpg", ".jpeg", ".png")
    files = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in kinds)
    return [path for path in files if "masks" not in path.parts]


def read_panel(path: Path) -> NDArray[np.uint8]:
    """Read a slice as a gray square."""
    gray_hw = take_gray(read_slice(path))
    height, width = gray_hw.shape
    square, _ = pad_to_square(gray_hw, Box(0, 0, height, width))
    panel = cv2.resize(square, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(panel, np.uint8)


def lay_out(
    panels: list[NDArray[np.uint8]], columns: int, width: int, gray: int
) -> NDArray[np.uint8]:
    """Put panels into one picture, with lines of a gray between them."""
    edged = [np.pad(panel, ((0, width), (0, width)), constant_values=gray) for panel in panels]
    rows = [np.hstack(edged[at : at + columns]) for at in range(0, len(edged), columns)]
    sheet = np.vstack(rows)
    return sheet[: sheet.shape[0] - width, : sheet.shape[1] - width]


def main() -> None:
    """Count, and print a table and the slices that were refused wrongly."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    generator = random.Random(0)
    sources = {name: list_slices(data / name) for name in SOURCES}
    print("| slices in the picture | refused |\n| --- | ---: |")
    for rows, columns in LAYOUTS:
        refused = 0
        for paths in sources.values():
            for number in range(COUNT):
                panels = [read_panel(path) for path in generator.sample(paths, rows * columns)]
                sheet = lay_out(panels, columns, *LINES[number % len(LINES)])
                refused += check_pixels(sheet) is not None
        print(f"| {rows} x {columns} | {refused / (COUNT * len(sources)):.0%} |", flush=True)
    slices = [path for folder in sorted(data.iterdir()) for path in list_slices(folder)]
    wrong = [path for path in slices if check_pixels(read_slice(path)) == SEVERAL]
    print(f"single slices refused: {len(wrong)} of {len(slices):,}", *wrong, sep="\n")


if __name__ == "__main__":
    main()
