"""The masks of lesions that belong to slices: an outline file, or a folder of mask pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.outlines import Outline, draw_mask, read_outlines
from tumorscope.errors import InputError
from tumorscope.scans.images import is_image_file, read_slice

_HALF = 127

Masks = dict[str, Outline | Path]


def list_masks(source: Path) -> Masks:
    """List what is known about the lesions of slices, by the slices' file names.

    Parameters
    ----------
    source
        A JSON file of the VGG Image Annotator, or a folder of pictures named as the slices, white
        inside a lesion, as `tumorscope phantom` writes them.

    Raises
    ------
    InputError
        It cannot be read, or holds no mask.
    """
    if not source.is_dir():
        return dict(read_outlines(source))
    masks: Masks = {
        path.name: path for path in sorted(source.iterdir()) if is_image_file(path)
    }  # fmt: skip
    if not masks:
        raise InputError(f"{source}: no pictures of masks in this folder")
    return masks


def read_mask(mask: Outline | Path, height: int, width: int) -> NDArray[np.bool_]:
    """Read or draw the mask of a slice.

    Parameters
    ----------
    mask
        From `list_masks`.
    height, width
        Of the slice, px.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), bool, True inside a lesion.

    Raises
    ------
    InputError
        A picture cannot be read or is of another size than its slice.
    """
    if isinstance(mask, Outline):
        return draw_mask(mask, height, width) > 0
    pixels = read_slice(mask)[..., 0]
    if pixels.shape != (height, width):
        raise InputError(
            f"{mask}: {pixels.shape[1]} x {pixels.shape[0]} px, its slice {width} x {height}"
        )
    return np.asarray(pixels > _HALF)


def assign_masks(manifest: pd.DataFrame, source: Path) -> pd.DataFrame:
    """Give the slices of a manifest the masks of their lesions.

    A mask belongs to a slice with a tumor that has its file name and, where it was drawn on a file
    whose size is recorded, that size.

    Parameters
    ----------
    manifest
        With the columns ``path`` and ``label``.
    source
        As for `list_masks`.

    Returns
    -------
    pandas.DataFrame
        The manifest with the column ``mask``: the file that tells where the lesion is, missing
        where that is not known or there is none.

    Raises
    ------
    InputError
        The masks cannot be read, or belong to no slice.
    """
    masks = list_masks(source)
    positive = manifest.loc[manifest["label"] == 1, "path"].map(Path)
    found = positive[[_belongs(masks.get(path.name), path) for path in positive]]
    if found.empty:
        raise InputError(f"{source}: no slice with a tumor is the picture of one of its outlines")
    files = {row: masks[path.name] for row, path in found.items()}
    files = {row: file if isinstance(file, Path) else source for row, file in files.items()}
    return manifest.assign(mask=pd.Series(files).map(lambda file: str(file.resolve())))


def open_masks(manifest: pd.DataFrame) -> list[Outline | Path | None]:
    """Give what `read_mask` reads for each slice of a manifest, None where there is no mask.

    Raises
    ------
    InputError
        A file of outlines cannot be read any more.
    """
    if "mask" not in manifest:
        return [None] * len(manifest)
    outlines = {
        file: list_masks(Path(file)) for file in manifest["mask"].dropna().unique()
        if not is_image_file(Path(file))
    }  # fmt: skip
    return [
        None
        if pd.isna(mask)
        else outlines[mask][Path(path).name]
        if mask in outlines
        else Path(mask)
        for path, mask in zip(manifest["path"], manifest["mask"], strict=True)
    ]


def _belongs(mask: Outline | Path | None, slice_file: Path) -> bool:
    if not isinstance(mask, Outline) or mask.file_bytes is None:
        return mask is not None
    return slice_file.stat().st_size == mask.file_bytes
