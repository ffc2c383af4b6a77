"""Draw phantoms one by one, or write a folder of them that looks like a scraped dataset."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tumorscope.errors import InputError
from tumorscope.phantoms.anatomy import draw_head
from tumorscope.phantoms.contrast import draw_contrast, render_head
from tumorscope.phantoms.distractor import paint_distractors
from tumorscope.phantoms.lesion import LESION_KINDS, Canvas, paint_lesion
from tumorscope.phantoms.scan import acquire, draw_pose
from tumorscope.replacing import check_replaceable, replace_folder

_COMMAND = "phantom"
_CLASS_FOLDERS = ("no", "yes")
_MASK_FOLDER = "masks"
_TABLE_NAME = "phantoms.csv"
_SECOND_LESION = 0.2  # share of the tumor slices that show two


@dataclass(frozen=True)
class Phantom:
    """One synthetic slice and the truth about it.

    Parameters
    ----------
    image_hw
        Shape (H, W), uint8, gray values.
    mask_hw
        Shape (H, W), bool, True inside a lesion (without its edema).
    contrast
        "T1", "T2" or "FLAIR".
    lesions
        The kind of each lesion; empty for a healthy head.
    """

    image_hw: NDArray[np.uint8]
    mask_hw: NDArray[np.bool_]
    contrast: str
    lesions: tuple[str, ...]


def draw_phantom(seed: int, index: int, *, has_tumor: bool) -> Phantom:
    """Draw one phantom.

    The lesions have a random stream of their own: with and without tumor, the same seed and
    index give the same head in the same scanner.

    Parameters
    ----------
    seed
        Names the collection, at least 0.
    index
        Number of the phantom in the collection, at least 0.
    has_tumor
        Whether to put one or two lesions in.

    Raises
    ------
    InputError
        `seed` or `index` is negative.
    MissingExtraError
        nilearn, which ships the template, is not installed.
    """
    for name, value in (("seed", seed), ("index", index)):
        if value < 0:
            raise InputError(f"The {name} of a phantom must be at least 0, not {value}.")
    head_stream, lesion_stream, scan_stream = np.random.default_rng([seed, index]).spawn(3)

    head = draw_head(head_stream)
    contrast = draw_contrast(head_stream)
    image_hw = render_head(head, contrast, head_stream)
    image_hw = paint_distractors(image_hw, head, contrast, head_stream)
    canvas = Canvas(image_hw, mask_hw=np.zeros_like(head.cavity_hw))
    lesions = _draw_lesion_kinds(lesion_stream) if has_tumor else ()
    for kind in lesions:
        canvas = paint_lesion(kind, canvas, head, contrast, lesion_stream)

    pose = draw_pose(scan_stream, head.outline_hw)
    return Phantom(
        image_hw=acquire(scan_stream, pose.resample(canvas.image_hw)),
        mask_hw=pose.resample(canvas.mask_hw.astype(np.float32)) > 0.5,
        contrast=contrast.name,
        lesions=lesions,
    )


def _draw_lesion_kinds(generator: np.random.Generator) -> tuple[str, ...]:
    count = 1 + int(generator.random() < _SECOND_LESION)
    return tuple(generator.choice(list(LESION_KINDS), count).tolist())


def write_phantoms(
    folder: Path,
    count: int,
    seed: int,
    on_progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Write a folder of phantoms, half of them with a tumor, and the table of what they show.

    Images go to ``yes/`` and ``no/``, the lesions' masks (0 and 255) to ``masks/`` under the same
    name, the table to ``phantoms.csv``. The folder appears when it is complete.

    Parameters
    ----------
    folder
        Where to write: new, empty, or earlier phantoms to replace.
    count
        How many images, at least 2. The first images are the same whatever the count.
    seed
        Names the collection, at least 0.
    on_progress
        Called with the number of images written so far.

    Returns
    -------
    pandas.DataFrame
        The table: ``path`` and ``mask`` relative to `folder` (``mask`` empty without a tumor),
        ``label`` 0 or 1, ``contrast``, ``lesions`` joined by semicolons.

    Raises
    ------
    InputError
        `count` or `seed` is too small, or `folder` holds anything else.
    MissingExtraError
        nilearn, which ships the template, is not installed.
    """
    _check_request(folder, count, seed)
    rows = []
    with replace_folder(folder, _COMMAND) as temporary:
        for name in (*_CLASS_FOLDERS, _MASK_FOLDER):
            (temporary / name).mkdir()
        for index in range(count):
            phantom = draw_phantom(seed, index, has_tumor=index % 2 == 1)
            rows.append(_write_phantom(temporary, phantom, seed, index))
            if on_progress is not None:
                on_progress(index + 1)
        table = pd.DataFrame(rows)
        table.to_csv(temporary / _TABLE_NAME, index=False)
    return table


def _check_request(folder: Path, count: int, seed: int) -> None:
    if count < 2:
        raise InputError(
            f"Cannot write {count} phantom(s): a dataset needs at least 2, one of each class."
        )
    if seed < 0:
        raise InputError(f"The seed of phantoms must be at least 0, not {seed}.")
    check_replaceable(folder, _COMMAND)


def _write_phantom(folder: Path, phantom: Phantom, seed: int, index: int) -> dict[str, str | int]:
    name = f"SYNTHETIC_s{seed}_{index:05d}.png"
    label = int(bool(phantom.lesions))
    path = f"{_CLASS_FOLDERS[label]}/{name}"
    mask = f"{_MASK_FOLDER}/{name}" if phantom.lesions else ""
    facts = _describe(phantom, seed, index)
    Image.fromarray(phantom.image_hw).save(folder / path, pnginfo=facts)
    if mask:
        mask_hw = np.where(phantom.mask_hw, 255, 0).astype(np.uint8)
        Image.fromarray(mask_hw).save(folder / mask, pnginfo=facts)
    return {
        "path": path,
        "label": label,
        "contrast": phantom.contrast,
        "lesions": ";".join(phantom.lesions),
        "mask": mask,
    }


def _describe(phantom: Phantom, seed: int, index: int) -> PngInfo:
    lesions = ", ".join(phantom.lesions) or "none"
    facts = PngInfo()
    facts.add_text(
        "Description",
        f"SYNTHETIC brain MRI phantom, not a patient: {phantom.contrast}, lesions: {lesions}",
    )
    facts.add_text("Source", "MNI152 template, tumorscope phantom generator")
    facts.add_text("Seed", str(seed))
    facts.add_text("Index", str(index))
    facts.add_text("Contrast", phantom.contrast)
    facts.add_text("Lesions", lesions)
    return facts
