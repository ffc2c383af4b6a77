"""The names that users know slices by, whatever pictures hold them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tumorscope.scans.images import read_slice

UNPACKED_FROM = "unpacked_from"
"""The column that names a slice as `predict` does: its file, and its place there."""


def name_origins(slices: pd.DataFrame) -> pd.Series:
    """Name each slice of a manifest as its user knows it: by its file, and its place there."""
    if UNPACKED_FROM not in slices:
        return slices["path"]
    return slices[UNPACKED_FROM].fillna(slices["path"])


def read_by_origin(slices: pd.DataFrame) -> Callable[[str], NDArray[np.uint8]]:
    """Give what reads the slice of a manifest that `name_origins` names, if it is unchanged."""
    recorded = zip(slices["path"].map(Path), slices["sha256"], strict=True)
    files = dict(zip(name_origins(slices), recorded, strict=True))
    return lambda name: read_slice(*files[name])
