"""How much of each slice is lesion: by its mask or, for want of one, as a table says."""

import pandas as pd

from tumorscope.dataset.lesion_masks import measure_lesions
from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback

_GIVEN = "lesion_share of the data"


def add_lesion_shares(manifest: pd.DataFrame, on_progress: ProgressCallback) -> pd.DataFrame:
    """Add ``lesion_share``, the part of each picture that is lesion, where it is known.

    Parameters
    ----------
    manifest
        With or without the column ``mask``, and the ``lesion_share`` of a table. Not modified.
    on_progress
        Called as work goes on.

    Raises
    ------
    InputError
        A mask cannot be used, or a table gives what is no share.
    """
    measured = measure_lesions(manifest, on_progress) if "mask" in manifest else manifest
    if _GIVEN not in measured:
        return measured
    given = measured[_GIVEN]
    shares = pd.to_numeric(given, errors="coerce")
    wrong = given.notna() & ~shares.between(0, 1)
    if wrong.any():
        raise InputError(
            f"{name_origins(measured)[wrong].iloc[0]}: the column 'lesion_share' gives the part of "
            f"a picture that is lesion, from 0 to 1, not {given[wrong].iloc[0]!r}; correct it, or "
            "give the column another name"
        )
    return measured.assign(lesion_share=measured.get("lesion_share", shares).fillna(shares))
