"""Write a folder of synthetic slices."""

from pathlib import Path

import pandas as pd

from tumorscope.phantoms import write_phantoms
from tumorscope.progress import ProgressCallback, ignore_progress


def phantom(
    out: str | Path,
    count: int = 400,
    seed: int = 0,
    on_progress: ProgressCallback = ignore_progress,
) -> pd.DataFrame:
    """Write synthetic brain MRI slices of two classes, half of them with lesions.

    Parameters
    ----------
    out
        A new or empty folder, or earlier phantoms to replace; gets ``yes``, ``no``, ``masks``
        and ``phantoms.csv``.
    count
        Number of slices.
    seed
        The same seed gives the same slices.
    on_progress
        Called after each slice.

    Returns
    -------
    pandas.DataFrame
        One row per slice, as in ``phantoms.csv``.

    Raises
    ------
    InputError
        The folder holds anything else, or the count or seed is too small.
    MissingExtraError
        nilearn, which ships the template, is not installed.
    """
    return write_phantoms(
        Path(out), count, seed, lambda done: on_progress("drawing phantoms", done, count)
    )
