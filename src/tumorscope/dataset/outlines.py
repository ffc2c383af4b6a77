"""Outlines of lesions drawn by hand in the VGG Image Annotator, and the masks they enclose."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tumorscope.errors import InputError

_PROJECT_KEY = "_via_img_metadata"
_ELLIPSE_POINTS = 180
# Fractions of a pixel that OpenCV draws with: 1 / 2**4.
_SHIFT = 4

# What no picture reaches is a mistake, and would overflow the integers of the drawing.
Coordinate = Annotated[float, Field(ge=-100_000, le=100_000)]
Length = Annotated[float, Field(gt=0, le=100_000)]
Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Outline:
    """What was outlined in one picture.

    Attributes
    ----------
    polygons
        One closed line per region, shape (n, 2): x and y, px, of the picture as it is stored.
    file_bytes
        The size of that picture's file, where it is known.
    """

    polygons: tuple[Points, ...]
    file_bytes: int | None = None


class _Polygon(BaseModel):
    name: Literal["polygon"]
    all_points_x: list[Coordinate] = Field(min_length=3)
    all_points_y: list[Coordinate] = Field(min_length=3)

    def trace(self) -> Points:
        if len(self.all_points_x) != len(self.all_points_y):
            raise InputError(
                f"a polygon of {len(self.all_points_x)} x and {len(self.all_points_y)} y"
            )
        return np.column_stack([self.all_points_x, self.all_points_y])


class _Ellipse(BaseModel):
    name: Literal["ellipse"]
    cx: Coordinate
    cy: Coordinate
    rx: Length
    ry: Length
    theta: Annotated[float, Field(ge=-2 * math.pi, le=2 * math.pi)] = 0.0

    def trace(self) -> Points:
        """Follow the ellipse; `theta` turns it clockwise on the screen, in radians."""
        angles = np.linspace(0, 2 * math.pi, _ELLIPSE_POINTS, endpoint=False)
        along, across = self.rx * np.cos(angles), self.ry * np.sin(angles)
        cos, sin = math.cos(self.theta), math.sin(self.theta)
        x = self.cx + along * cos - across * sin
        y = self.cy + along * sin + across * cos
        return np.column_stack([x, y])


class _Circle(BaseModel):
    name: Literal["circle"]
    cx: Coordinate
    cy: Coordinate
    r: Length

    def trace(self) -> Points:
        return _Ellipse(name="ellipse", cx=self.cx, cy=self.cy, rx=self.r, ry=self.r).trace()


class _Rectangle(BaseModel):
    name: Literal["rect"]
    x: Coordinate
    y: Coordinate
    width: Length
    height: Length

    def trace(self) -> Points:
        right, bottom = self.x + self.width, self.y + self.height
        corners = [(self.x, self.y), (right, self.y), (right, bottom), (self.x, bottom)]
        return np.array(corners, np.float64)


class _Region(BaseModel):
    shape_attributes: Annotated[
        _Polygon | _Ellipse | _Circle | _Rectangle, Field(discriminator="name")
    ]


class _Entry(BaseModel):
    filename: Annotated[str, Field(min_length=1)]
    size: int = -1  # of pictures on the web it is not known
    regions: list[_Region] | dict[str, _Region]

    def outline(self) -> Outline:
        regions = self.regions.values() if isinstance(self.regions, dict) else self.regions
        polygons = tuple(region.shape_attributes.trace() for region in regions)
        return Outline(polygons, self.size if self.size >= 0 else None)


def read_outlines(path: Path) -> dict[str, Outline]:
    """Read an export or a project of the VGG Image Annotator.

    Polygons, ellipses, circles and rectangles are known. Pictures without a region are left out.

    Parameters
    ----------
    path
        A JSON file: annotations by picture, or a project with them as ``_via_img_metadata``.

    Returns
    -------
    dict
        File name, without folders, to `Outline`.

    Raises
    ------
    InputError
        The file cannot be read, is not of this kind, or an entry is malformed.

    References
    ----------
    Dutta and Zisserman, "The VIA Annotation Software for Images, Audio and Video", 2019.
    """
    outlines: dict[str, Outline] = {}
    for key, entry in _list_entries(path):
        name = entry.filename.replace("\\", "/").rpartition("/")[2]
        try:
            outline = entry.outline()
        except InputError as error:
            raise InputError(f"{path}: entry {key!r}: {error}; correct it") from None
        if not outline.polygons:
            continue
        if name in outlines:
            raise InputError(f"{path}: entry {key!r}: {name!r} is outlined twice; keep one entry")
        outlines[name] = outline
    if not outlines:
        raise InputError(f"{path}: holds no outline; export annotations with regions as JSON")
    return outlines


def draw_mask(outline: Outline, height: int, width: int) -> NDArray[np.uint8]:
    """Fill what was outlined, cut off at the picture's border.

    Parameters
    ----------
    outline
        Of a picture of this size.
    height, width
        Of the picture, px.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), uint8, 255 inside and on the line, 0 elsewhere; all 0 where the
        outline lies outside.
    """
    mask = np.zeros((height, width), np.uint8)
    for polygon in outline.polygons:  # one by one: together, overlaps would be holes
        points = np.rint(polygon * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(mask, [points], 255, lineType=cv2.LINE_8, shift=_SHIFT)
    return mask


def _list_entries(path: Path) -> Iterator[tuple[str, _Entry]]:
    adapter = TypeAdapter(_Entry)
    for key, item in _read_json(path).items():
        try:
            yield key, adapter.validate_python(item)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the entry"
            raise InputError(
                f"{path}: entry {key!r}: {where}: {first['msg']}; correct it"
            ) from None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file; export annotations as JSON") from error
    if isinstance(document, dict):
        document = document.get(_PROJECT_KEY, document)
    if not isinstance(document, dict):
        raise InputError(
            f"{path}: expected an object of pictures, as the VGG Image Annotator exports it"
        )
    return document
