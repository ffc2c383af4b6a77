"""The masks of lesions that belong to slices: an outline file, or a folder of mask pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.dataset.outlines import Outline, draw_mask, read_outlines
from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, ignore_progress
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


def read_mask(
    mask: Outline | Path, height: int, width: int, sha256: str | None = None
) -> NDArray[np.bool_]:
    """Read or draw the mask of a slice.

    Parameters
    ----------
    mask
        From `list_masks`.
    height, width
        Of the slice, px.
    sha256
        Of a picture when it was recorded, if it was.

    Returns
    -------
    numpy.ndarray
        Shape (height, width), bool, True inside a lesion.

    Raises
    ------
    InputError
        A picture cannot be read, has changed since it was recorded, or is of another size than its
        slice.
    """
    if isinstance(mask, Outline):
        return draw_mask(mask, height, width) > 0
    pixels = read_slice(mask, sha256)[..., 0]
    if pixels.shape != (height, width):
        raise InputError(
            f"{mask}: {pixels.shape[1]} x {pixels.shape[0]} px, its slice {width} x {height}"
        )
    return np.asarray(pixels > _HALF)


def assign_masks(manifest: pd.DataFrame, sources: Sequence[Path]) -> pd.DataFrame:
    """Give the slices of a manifest the masks of their lesions.

    A mask belongs to a picture with a tumor that has its file name and, where it was drawn on a
    file whose size is recorded, that size. A file or folder of masks that lies beside or above
    slices is about these alone: other sources may have slices of the same name.

    Parameters
    ----------
    manifest
        With the columns ``path`` and ``label`` and, where tables named masks, ``mask``. Not
        modified.
    sources
        Each as for `list_masks`.

    Returns
    -------
    pandas.DataFrame
        The manifest with the column ``mask``: the file that tells where the lesion is, missing
        where that is not known or there is none.

    Raises
    ------
    InputError
        The masks cannot be read, belong to no slice, or to two of the same name.
    """
    assigned = manifest.get("mask", pd.Series(None, manifest.index, object)).copy()
    for source in sources:
        found = _find_slices(manifest, source, list_masks(source))
        assigned = assigned.where(assigned.notna(), found)
    return manifest.assign(mask=assigned)


def _find_slices(manifest: pd.DataFrame, source: Path, masks: Masks) -> pd.Series:
    """Find the slices that masks belong to; give the file of each, by the manifest's index."""
    is_picture = manifest["path"] == name_origins(manifest)
    tumors = manifest.loc[(manifest["label"] == 1) & is_picture, "path"].map(Path)
    near = _find_nearest(tumors, source.resolve())
    found = near[[_belongs(masks.get(path.name), path) for path in near]]
    if found.empty:
        raise InputError(f"{source}: no slice with a tumor is the picture of one of its outlines")
    names = found.map(lambda path: path.name)
    if names.duplicated().any():
        one, other = found[names == names[names.duplicated()].iloc[0]].iloc[:2]
        raise InputError(
            f"{source}: {one} and {other} have the same name, so that it is not known which one "
            "its mask belongs to; name the mask of each in a column 'mask' of a .csv file"
        )
    # Of a file of outlines, the file itself; of a folder of pictures, the picture.
    own = {row: masks[path.name] for row, path in found.items()}
    files = {row: mask if isinstance(mask, Path) else source for row, mask in own.items()}
    return pd.Series({row: str(file.resolve()) for row, file in files.items()}, dtype=str)


def _find_nearest(tumors: pd.Series, source: Path) -> pd.Series:
    """Find the slices in the nearest folder around masks that holds any."""
    for home in source.parents:
        is_inside = tumors.map(lambda path, home=home: path.is_relative_to(home)).astype(bool)
        if is_inside.any():
            return tumors[is_inside]
    return tumors


def open_masks(manifest: pd.DataFrame) -> list[Outline | Path | None]:
    """Give what `read_mask` reads for each slice of a manifest, None where there is no mask.

    Raises
    ------
    InputError
        A file of outlines cannot be read, or does not outline a slice.
    """
    if "mask" not in manifest:
        return [None] * len(manifest)
    outlines = {
        file: list_masks(Path(file)) for file in manifest["mask"].dropna().unique()
        if not is_image_file(Path(file)) and not Path(file).is_dir()
    }  # fmt: skip
    opened: list[Outline | Path | None] = []
    for path, mask in zip(manifest["path"], manifest["mask"], strict=True):
        if pd.isna(mask):
            opened.append(None)
        elif mask == path or Path(mask).is_dir():
            raise InputError(f"{mask}: no mask of {path}; give a picture or a JSON file")
        elif mask not in outlines:
            opened.append(Path(mask))
        elif _belongs(outlines[mask].get(name := Path(path).name), Path(path)):
            opened.append(outlines[mask][name])
        else:
            raise InputError(
                f"{mask}: does not outline {name} of this size, though it is the mask of {path}"
            )
    return opened


def measure_lesions(
    manifest: pd.DataFrame, on_progress: ProgressCallback = ignore_progress
) -> pd.DataFrame:
    """Measure which part of each slice is lesion.

    Parameters
    ----------
    manifest
        With the columns ``path``, ``label``, ``width``, ``height`` and, where lesions are known,
        ``mask``. Not modified.
    on_progress
        Called as work goes on.

    Returns
    -------
    pandas.DataFrame
        With ``lesion_share``, 0..1: 0 of a slice without a tumor, missing where it is not known.

    Raises
    ------
    InputError
        A mask cannot be read, shows a lesion where there is no tumor, or none where there is.
    """
    shares = pd.Series(np.nan, manifest.index).mask(manifest["label"] == 0, 0.0)
    rows = zip(
        manifest.index, open_masks(manifest), manifest["path"], manifest["label"],
        manifest["height"], manifest["width"], strict=True,
    )  # fmt: skip
    for done, (row, mask, path, label, height, width) in enumerate(rows, 1):
        if mask is not None:
            shares[row] = read_mask(mask, int(height), int(width)).mean()
            if (shares[row] > 0) != label:
                shown = "shows no lesion" if label else "shows a lesion"
                raise InputError(f"{path}: labelled {label}, and its mask {shown}; correct one")
        on_progress("measuring lesions", done, len(manifest))
    return manifest.assign(lesion_share=shares)


def _belongs(mask: Outline | Path | None, slice_file: Path) -> bool:
    if not isinstance(mask, Outline) or mask.file_bytes is None:
        return mask is not None
    return slice_file.stat().st_size == mask.file_bytes
