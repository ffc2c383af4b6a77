"""Read every image of some folders once; keep of each a row of facts and a thumbnail."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tumorscope.auditing.folders import (
    FoundFile,
    Listing,
    check_folders,
    list_files,
    name_folders,
)
from tumorscope.auditing.outliers import PictureFeatures, measure_picture
from tumorscope.auditing.unpacking import unpack_files
from tumorscope.copies.codes import Codes, compute_codes
from tumorscope.copies.thumbnails import Gray, take_thumbnail
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.scans.images import decode_slice

# An uncompressed image of the most pixels that are decoded is smaller than this.
MAXIMUM_BYTES = 1 << 29
_THREADS = 4
_FACTS = ("folder", "path", "label_name", "sha256", "width", "height")


class Reading(NamedTuple):
    """What was read, one row or item per readable image.

    Attributes
    ----------
    names
        Of the folders.
    slices
        Columns ``folder`` (name), ``path`` (relative to the folder, POSIX; of a slice of a volume,
        its name there), ``label_name``,
        ``sha256``, ``width`` and ``height`` in px, and one for each of `PictureFeatures`.
    files
        What is known of each besides.
    thumbnails
        From `take_thumbnail`.
    codes
        Shape (N, frames, 32), uint8, from `compute_codes`.
    rejected
        Columns ``folder``, ``path`` and ``reason``.
    """

    names: list[str]
    slices: pd.DataFrame
    files: list[FoundFile]
    thumbnails: list[Gray]
    codes: Codes
    rejected: pd.DataFrame


def read_folders(
    folders: Sequence[Path],
    on_progress: ProgressCallback = ignore_progress,
    home: Path | None = None,
) -> Reading:
    """Read the images of folders, and the slices of what else is a scan, whatever they show.

    Parameters
    ----------
    folders
        Searched recursively.
    on_progress
        Called as work goes on.
    home
        The folder that slices are unpacked to; they are needed as long as pictures are shown.

    Raises
    ------
    InputError
        A folder is missing, twice there, inside another, or without a readable image.
    """
    check_folders(folders)
    files, left_out = unpack_files(folders, list_files(folders), home, on_progress)
    return read_files(Listing(name_folders(folders), files, left_out), on_progress)


def read_files(listing: Listing, on_progress: ProgressCallback = ignore_progress) -> Reading:
    """Read pictures, wherever they were found.

    Raises
    ------
    InputError
        A folder, or other source, has no readable image.
    """
    names, listed, left_out = listing
    rows, files, thumbnails, codes = [], [], [], []
    rejected = [
        {"folder": names[one.folder], "path": one.path.as_posix(), "reason": one.reason}
        for one in left_out
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        results = pool.map(_describe, listed)
        for done, (file, result) in enumerate(zip(listed, results, strict=True), 1):
            place = {"folder": names[file.folder], "path": file.path.as_posix()}
            if isinstance(result, InputError):
                rejected.append({**place, "reason": str(result).removeprefix(f"{file.path}: ")})
            else:
                row, thumbnail, own_codes = result
                rows.append({**place, "label_name": file.label_name, **row})
                files.append(file)
                thumbnails.append(thumbnail)
                codes.append(own_codes)
            on_progress("reading images", done, len(listed))
    slices = pd.DataFrame(rows, columns=[*_FACTS, *PictureFeatures._fields])
    for name in names:
        if not (slices["folder"] == name).any():
            own = [one for one in rejected if one["folder"] == name]
            why = [f", such as {one['path']}: {one['reason']}" for one in own[:1]]
            why = why or ["; segmentations are no images"]
            raise InputError(f"{name}: none of its images can be read{why[0]}")
    return Reading(
        names,
        slices,
        files,
        thumbnails,
        np.stack(codes),
        pd.DataFrame(rejected, columns=["folder", "path", "reason"]),
    )


def _describe(file: FoundFile) -> tuple[dict[str, object], Gray, Codes] | InputError:
    if file.file.is_dir():
        link = file.file.is_symlink()
        return InputError(
            "a link to a folder; give that folder itself" if link else "a closed folder"
        )
    try:
        if file.file.stat().st_size > MAXIMUM_BYTES:
            return InputError(f"larger than {MAXIMUM_BYTES >> 20} MB")
        data = file.file.read_bytes()
        image = decode_slice(data, str(file.path))
    except OSError as error:
        return InputError(f"cannot be read: {error.strerror}")
    except InputError as error:
        return error
    thumbnail = take_thumbnail(image)
    row = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": image.shape[1],
        "height": image.shape[0],
        **measure_picture(image)._asdict(),
    }
    return row, thumbnail, compute_codes(thumbnail)
