"""How many planted copies are found, and how many slices are joined that are none.

    python -m benchmarks.robustness.copies    # phantoms, and real slices if there are any
    python -m benchmarks.robustness.copies --sheet sheet.png    # the least alike pairs that count

Real slices are those of the folders navoneel and br35h in the folder that TUMORSCOPE_DATA names.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.auditing.reading import Reading, read_folders
from tumorscope.copies.codes import Codes, compute_codes, keep_indexed, orient
from tumorscope.copies.groups import DisjointSets, Groups, Link, join_copies, verify
from tumorscope.copies.search import CodeIndex
from tumorscope.copies.thumbnails import Gray, cut_frames, take_thumbnail
from tumorscope.phantoms import draw_phantom
from tumorscope.scans.images import read_slice

DATA = Path(os.environ.get("TUMORSCOPE_DATA", Path(__file__).parents[2] / "../shared/data"))
THREADS = 4

Image = NDArray[np.uint8]
Edit = Callable[[Image, np.random.Generator], Image]


def rescale(image: Image, generator: np.random.Generator) -> Image:
    """Change the size by 0.4 to 1.6 and the aspect by up to 15 %."""
    scale, aspect = generator.uniform(0.4, 1.6), generator.uniform(0.85, 1.15)
    height, width = image.shape[:2]
    size = max(round(width * scale * aspect), 40), max(round(height * scale), 40)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, size, interpolation=interpolation)


def recompress(image: Image, generator: np.random.Generator) -> Image:
    """Store as JPEG of quality 20 to 60."""
    quality = (cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(20, 61)))
    return cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)


def brighten(image: Image, generator: np.random.Generator) -> Image:
    """Apply a gamma of 0.6 to 1.6, a contrast of 0.7 to 1.5 and an offset of up to 30."""
    gamma, contrast = generator.uniform(0.6, 1.6), generator.uniform(0.7, 1.5)
    levels = 255 * (np.arange(256) / 255) ** gamma * contrast + generator.uniform(0, 30)
    return np.clip(levels, 0, 255).astype(np.uint8)[image]


def crop(image: Image, generator: np.random.Generator) -> Image:
    """Cut off up to 5 % on each side."""
    height, width = image.shape[:2]
    top, bottom, left, right = generator.uniform(0, 0.05, 4)
    rows = slice(round(top * height), height - round(bottom * height))
    return np.ascontiguousarray(image[rows, round(left * width) : width - round(right * width)])


def flip(image: Image, generator: np.random.Generator) -> Image:
    """Mirror, left to right or top to bottom."""
    return np.ascontiguousarray(np.flip(image, axis=int(generator.integers(2))))


def turn(image: Image, generator: np.random.Generator) -> Image:
    """Turn by 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, int(generator.integers(1, 4))))


def do_all(image: Image, generator: np.random.Generator) -> Image:
    """Do everything, one after the other."""
    for edit in (crop, brighten, flip, turn, rescale, recompress):
        image = edit(image, generator)
    return image


EDITS: dict[str, Edit] = {
    "rescaled": rescale,
    "recompressed": recompress,
    "brightened": brighten,
    "cropped": crop,
    "flipped": flip,
    "turned": turn,
    "everything": do_all,
}


class Known(NamedTuple):
    """Slices among which copies are planted; `groups` are those before that."""

    thumbnails: list[Gray]
    codes: Codes
    groups: Groups


class Result(NamedTuple):
    """How many of the planted copies were found, and how many groups were joined wrongly."""

    planted: int
    found: int
    wrong: int

    @property
    def recall(self) -> float:
        """The share of planted copies that ended in their original's group."""
        return self.found / self.planted


def know(thumbnails: list[Gray], codes: Codes, checksums: Iterable[str] = ()) -> Known:
    """Group slices as they are."""
    return Known(thumbnails, codes, _join(thumbnails, codes, checksums)[0])


def plant(
    known: Known, rows: Sequence[int], originals: Sequence[Image], edit: Edit, seed: int = 0
) -> Result:
    """Plant a copy of each original among known slices and look for copies anew.

    Parameters
    ----------
    known
        The slices, with the originals among them.
    rows
        Of the originals.
    originals
        Shape (H, W, 3), uint8, RGB, one for each of `rows`.
    edit
        What is done to a copy.
    seed
        The same seed gives the same copies.
    """
    streams = np.random.default_rng(seed).spawn(len(rows))
    with ThreadPoolExecutor(THREADS) as pool:
        planted = list(
            pool.map(lambda image, stream: take_thumbnail(edit(image, stream)), originals, streams)
        )
        codes = np.stack([*known.codes, *pool.map(compute_codes, planted)])
    groups, _ = _join([*known.thumbnails, *planted], codes)
    count = len(known.thumbnails)
    own, copies = groups[:count], groups[count:]
    wrong = len(np.unique(known.groups)) - len(np.unique(own))
    # A copy that joined some other group than its original's is wrong, too.
    astray = np.isin(copies, own) & (copies != own[np.asarray(rows)])
    return Result(
        len(rows), int((copies == own[np.asarray(rows)]).sum()), wrong + int(astray.sum())
    )


def _join(
    thumbnails: list[Gray], codes: Codes, checksums: Iterable[str] = ()
) -> tuple[Groups, list[Link]]:
    sets = DisjointSets(len(thumbnails))
    sets.join_equal(checksums)
    links = join_copies(sets, thumbnails, codes)
    return sets.number(), links


def draw_phantoms(count: int, seed: int = 0) -> list[Image]:
    """Draw phantoms, each another head, every second with a lesion."""
    with ThreadPoolExecutor(THREADS) as pool:
        drawn = pool.map(
            lambda index: draw_phantom(seed, index, has_tumor=index % 2 == 1).image_hw,
            range(count),
        )
        return [np.repeat(gray_hw[..., np.newaxis], 3, axis=-1) for gray_hw in drawn]


def describe(images: Sequence[Image]) -> tuple[list[Gray], Codes]:
    """Take thumbnails and codes."""
    thumbnails = [take_thumbnail(image) for image in images]
    return thumbnails, np.stack([compute_codes(thumbnail) for thumbnail in thumbnails])


def _measure(name: str, known: Known, rows: Sequence[int], originals: Sequence[Image]) -> None:
    print(f"\n{name}\n\n| copies | planted | found | recall | wrong joins | s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind, edit in EDITS.items():
        start = time.perf_counter()
        result = plant(known, rows, originals, edit)
        print(
            f"| {kind} | {result.planted} | {result.found} | {result.recall:.3f} | {result.wrong} "
            f"| {time.perf_counter() - start:.0f} |",
            flush=True,
        )


def _measure_phantoms(count: int, planted: int) -> None:
    images = draw_phantoms(count)
    known = know(*describe(images))
    joined = count - len(np.unique(known.groups))
    print(f"{count} phantoms, all different: {joined} joined wrongly before any copy is planted")
    rows = np.linspace(0, count - 1, planted).round().astype(int)
    _measure(f"Copies of {planted} of them, among all", known, rows, [images[row] for row in rows])


def find_real_slices() -> list[Path]:
    """Find the folders of the public datasets, as far as they are there."""
    return [DATA / name for name in ("navoneel", "br35h") if (DATA / name).is_dir()]


def _measure_real(folders: Sequence[Path]) -> None:
    reading = read_folders(folders)
    known = know(reading.thumbnails, reading.codes, reading.slices["sha256"])
    rows = np.unique(known.groups, return_index=True)[1]
    originals = read_originals(reading, folders, rows)
    different = know([reading.thumbnails[row] for row in rows], reading.codes[rows])
    _measure(
        f"Real slices, one of each of {len(rows)} groups, among each other",
        different,
        np.arange(len(rows)),
        originals,
    )
    _measure(f"The same, among all {len(known.thumbnails):,} real slices", known, rows, originals)


def read_originals(reading: Reading, folders: Sequence[Path], rows: Iterable[int]) -> list[Image]:
    """Read the slices of some rows once more, at full size."""
    places = dict(zip(reading.names, folders, strict=True))
    chosen = reading.slices.loc[list(rows), ["folder", "path"]]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda row: read_slice(places[row[0]] / row[1]), chosen.to_numpy()))


def draw_sheet(file: Path, folders: Sequence[Path], count: int = 40, refused: int = 10) -> None:
    """Draw the accepted pairs that are least alike, then the refused ones that are most alike."""
    reading = read_folders(folders)
    groups, links = _join(reading.thumbnails, reading.codes, reading.slices["sha256"])
    weakest = sorted(links, key=lambda link: link.correlation)[:count]
    nearest = _compare_groups(reading, groups)[:refused]
    for name, pairs in (("copies", weakest), ("refused", nearest)):
        print(f"{name}:", " ".join(f"{pair.correlation:.3f}" for pair in pairs))
    cells = [_draw_pair(reading, pair) for pair in (*weakest, *nearest)]
    rows = [np.hstack(cells[start : start + 5]) for start in range(0, len(cells), 5)]
    cv2.imwrite(str(file), np.vstack(rows))


def _compare_groups(reading: Reading, groups: Groups) -> list[Link]:
    """Compare one slice of each group with those that are nearest to it, the most alike first."""
    rows = np.unique(groups, return_index=True)[1]
    thumbnails, codes = [reading.thumbnails[row] for row in rows], reading.codes[rows]
    candidates = CodeIndex(keep_indexed(codes)).search(codes)
    candidates = candidates.select(np.flatnonzero(candidates.first != candidates.second))
    highest: dict[tuple[int, int], float] = {}
    compared = verify(thumbnails, thumbnails, candidates)
    for *pair, comparison in zip(candidates.first, candidates.second, compared, strict=True):
        first, second = sorted(int(rows[place]) for place in pair)
        if comparison.is_comparable:
            known = highest.get((first, second), -1.0)
            highest[first, second] = max(known, comparison.correlation)
    print(f"{len(rows)} groups; {len(highest)} pairs of them were compared and refused")
    return sorted((Link(*pair, value) for pair, value in highest.items()), key=lambda p: -p[2])


def _draw_pair(reading: Reading, pair: Link, side: int = 150) -> Gray:
    """Draw the frames in which two slices are most alike, the first turned to the second."""
    codes = reading.codes[[pair.first, pair.second]]
    found = CodeIndex(keep_indexed(codes)).search(codes)
    found = found.select(np.flatnonzero(found.first != found.second))
    nearest = found.select(np.argsort(found.distance, kind="stable")[:1])
    rows = pair.first, pair.second
    thumbnails = [reading.thumbnails[row] for row in rows]
    first = cut_frames(thumbnails[nearest.first[0]])[nearest.first_frame[0]]
    second = cut_frames(thumbnails[nearest.second[0]])[nearest.second_frame[0]]
    pictures = orient(first, int(nearest.orientation[0])), second
    cell = np.hstack([cv2.resize(picture, (side, side)) for picture in pictures])
    cell = cv2.copyMakeBorder(cell, 18, 4, 4, 4, cv2.BORDER_CONSTANT, value=0)
    names = " ".join(
        Path(reading.slices.loc[rows[place], "path"]).stem
        for place in (nearest.first[0], nearest.second[0])
    )
    cv2.putText(cell, f"{pair.correlation:.3f} {names}"[:44], (4, 13), 0, 0.4, 255, 1, cv2.LINE_AA)
    return cell


def main() -> None:
    """Measure, or draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--phantoms", type=int, default=1500, help="how many to draw")
    parser.add_argument("--planted", type=int, default=300, help="copies of phantoms to plant")
    parser.add_argument("--sheet", type=Path, help="a PNG file for the least alike pairs")
    arguments = parser.parse_args()
    folders = find_real_slices()
    if arguments.sheet:
        draw_sheet(arguments.sheet, folders)
        return
    _measure_phantoms(arguments.phantoms, arguments.planted)
    if folders:
        _measure_real(folders)
    else:
        print(f"\nno real slices: {DATA} holds neither navoneel nor br35h")


if __name__ == "__main__":
    main()
