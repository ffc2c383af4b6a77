"""Choose the slices that the page of an audit shows, and shrink them to tiles."""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import zip_longest

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.auditing.findings import Findings
from tumorscope.copies.members import ORIGINAL
from tumorscope.report.wording import count_noun, make_printable, shorten_path

# At about 6 kB a tile, a page of everything at its most stays under 5 MB.
_GROUPS, _GROUP_TILES = 12, 16
_PAIRS = 24
_CONFLICTS, _CONFLICT_TILES = 12, 12
_OUTLIERS = 60

_TILE_PX = 144
_JPEG_QUALITY = 80
_THREADS = 4

ReadImage = Callable[[int], NDArray[np.uint8]]


@dataclass(frozen=True)
class Tile:
    """One slice on the page: its picture as a data URI, its place, and what to say about it."""

    image: str
    name: str
    folder: str
    path: str
    note: str
    is_original: bool = False


@dataclass(frozen=True)
class Sheet:
    """Slices that belong together, and how many more there are than are shown."""

    title: str
    note: str
    tiles: list[Tile]
    left_out: int


@dataclass(frozen=True)
class Sheets:
    """Everything of an audit that is shown in pictures."""

    groups: list[Sheet]
    pairs: list[tuple[Tile, Tile]]
    conflicts: list[Sheet]
    outliers: Sheet


def draw_sheets(findings: Findings, read_image: ReadImage) -> Sheets:
    """Draw the largest groups, copies between folders, label conflicts and odd images.

    Parameters
    ----------
    findings
        Of an audit.
    read_image
        Gives the slice of a row: shape (H, W, 3), uint8, RGB. Called from several threads, for
        the slices that are shown only.
    """
    slices = findings.slices
    groups, pairs = _choose_groups(slices), _choose_pairs(findings)
    conflicts = _choose_conflicts(findings)
    outliers = _choose_outliers(findings)
    chosen = {row for rows in (*groups, *pairs, *conflicts, outliers) for row in rows}
    tiles = _Tiles(slices, _embed(sorted(chosen), read_image))
    return Sheets(
        groups=[_draw_group(rows, slices, tiles) for rows in groups],
        pairs=[(tiles.draw_kind(first), tiles.draw_kind(second)) for first, second in pairs],
        conflicts=[_draw_conflict(rows, slices, tiles) for rows in conflicts],
        outliers=_draw_outliers(outliers, findings, tiles),
    )


class _Tiles:
    """Pictures by row, ready to be captioned."""

    def __init__(self, slices: pd.DataFrame, images: dict[int, str]) -> None:
        self._slices = slices
        self._images = images

    def draw(self, row: int, note: str, is_original: bool = False) -> Tile:
        folder, path = (
            make_printable(str(self._slices.loc[row, name])) for name in ("folder", "path")
        )
        return Tile(self._images[row], shorten_path(path), folder, path, note, is_original)

    def draw_kind(self, row: int) -> Tile:
        kind = str(self._slices.loc[row, "kind"])
        return self.draw(row, kind.replace("+", ", "), kind == ORIGINAL)


def _choose_groups(slices: pd.DataFrame) -> list[list[int]]:
    """Choose of the largest groups the original, and the copies that are least like it."""
    sizes = _count_sizes(slices)
    chosen = []
    for group in sizes.index[sizes > 1][:_GROUPS]:
        members = slices[slices["group"] == group]
        is_copy = members["kind"] != ORIGINAL
        order = np.lexsort((members.index, members["correlation"], is_copy))
        chosen.append(members.index[order][:_GROUP_TILES].tolist())
    return chosen


def _choose_pairs(findings: Findings) -> list[tuple[int, int]]:
    """Choose copies in two folders, one of a group, spread evenly over all of them."""
    overlap = {
        (one, other): rows
        for (one, other), rows in findings.overlap.items()
        if findings.names.index(one) < findings.names.index(other) and len(rows)
    }
    chosen = []
    for rows in list(overlap.values())[:_PAIRS]:
        groups = findings.slices.loc[rows.index, "group"]
        distinct = rows[~groups.duplicated()]
        count = min(max(_PAIRS // len(overlap), 1), len(distinct))
        places = np.linspace(0, len(distinct) - 1, count).round().astype(int)
        chosen += [
            (int(distinct.index[place]), int(distinct.iloc[place])) for place in places.tolist()
        ]
    return chosen


def _choose_conflicts(findings: Findings) -> list[list[int]]:
    """Choose of each conflicting group some slices of every label, in turn."""
    chosen = []
    for group in findings.conflicts[:_CONFLICTS]:
        members = findings.slices[findings.slices["group"] == group]
        labels = [part.index.tolist() for name, part in members.groupby("label_name") if name]
        mixed = [row for rows in zip_longest(*labels) for row in rows if row is not None]
        chosen.append(mixed[:_CONFLICT_TILES])
    return chosen


def _choose_outliers(findings: Findings) -> list[int]:
    """Choose one slice of each group with odd ones."""
    groups = findings.slices.loc[list(findings.outliers), "group"].drop_duplicates()
    return [int(row) for row in groups.index[:_OUTLIERS]]


def _draw_group(rows: list[int], slices: pd.DataFrame, tiles: _Tiles) -> Sheet:
    members = slices[slices["group"] == slices.loc[rows[0], "group"]]
    copies = members[members["kind"] != ORIGINAL]
    return Sheet(
        f"{len(members):,} slices of one picture",
        f"{_list_places(members)}. The least alike match with a correlation of "
        f"{copies['correlation'].min():.2f}.",
        [tiles.draw_kind(row) for row in rows],
        len(members) - len(rows),
    )


def _draw_conflict(rows: list[int], slices: pd.DataFrame, tiles: _Tiles) -> Sheet:
    members = slices[slices["group"] == slices.loc[rows[0], "group"]]
    return Sheet(
        f"{len(members):,} slices of one picture",
        f"{_list_places(members)}.",
        [tiles.draw(row, make_printable(str(slices.loc[row, "label_name"]))) for row in rows],
        len(members) - len(rows),
    )


def _draw_outliers(rows: list[int], findings: Findings, tiles: _Tiles) -> Sheet:
    groups = findings.slices.loc[list(findings.outliers), "group"]
    sizes = groups.value_counts()
    drawn = []
    for row in rows:
        tile = tiles.draw(row, findings.outliers[row])
        more = int(sizes[groups[row]]) - 1
        name = f"{tile.name} and {count_noun(more, 'copy', 'copies')}" if more else tile.name
        drawn.append(replace(tile, name=name))
    return Sheet("", "", drawn, len(sizes) - len(rows))


def _list_places(members: pd.DataFrame) -> str:
    """Say how many members lie in which subfolder of which folder."""
    counts = Counter(zip(members["folder"], members["label_name"], strict=True))
    places = [
        f"{count:,} in {folder}/{label_name}".rstrip("/")
        for (folder, label_name), count in counts.items()
    ]
    return make_printable(", ".join(places))


def _count_sizes(slices: pd.DataFrame) -> pd.Series:
    """Count the members of each group, the largest first, equal ones by number."""
    sizes = slices["group"].value_counts().sort_index()
    return sizes.sort_values(ascending=False, kind="stable")


def _embed(rows: Sequence[int], read_image: ReadImage) -> dict[int, str]:
    """Turn the slices of rows into small JPEG data URIs."""
    with ThreadPoolExecutor(_THREADS) as pool:
        images: Iterable[str] = pool.map(lambda row: _encode(read_image(row)), rows)
        return dict(zip(rows, images, strict=True))


def _encode(image: NDArray[np.uint8]) -> str:
    height, width = image.shape[:2]
    factor = min(_TILE_PX / max(height, width), 1)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), quality)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"
