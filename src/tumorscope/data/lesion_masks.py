"""The masks of lesions that belong to slices: an outline file, or a folder of mask pictures."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.data.outlines import Outline, draw_mask, read_outlines
from tumorscope.data.readers import is_image_file, read_slice
from tumorscope.errors import InputError

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
