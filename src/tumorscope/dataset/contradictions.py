"""What data say twice, and differently: refused where it is certain, said where it is likely."""

import logging
from collections.abc import Sequence

import pandas as pd

from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError

_log = logging.getLogger(__name__)


def check_labels(manifest: pd.DataFrame) -> None:
    """Refuse the same bytes with two labels.

    Raises
    ------
    InputError
        There are some.
    """
    labels = manifest.groupby("sha256")["label"].nunique()
    conflicts: Sequence[str] = list(labels.index[labels > 1])
    if conflicts:
        paths = name_origins(manifest)[manifest["sha256"] == conflicts[0]]
        raise InputError(
            f"{len(conflicts)} file(s) stand in both classes with the same bytes, such as "
            f"{' and '.join(paths)}; remove the wrong copy"
        )


def find_contradicting(manifest: pd.DataFrame) -> pd.DataFrame:
    """Find pictures with copies that have the other label.

    Whose head a picture shows must not be known: slices of one patient, and of one series, are in
    one group with all right when some show a tumor.

    Parameters
    ----------
    manifest
        With ``label`` and ``group``. Not modified.

    Returns
    -------
    pandas.DataFrame
        The rows of these, group by group.
    """
    named = manifest.reindex(columns=["patient_id", "series"])
    pictures = manifest[named.isna().all(axis="columns")]
    labels = pictures.groupby("group")["label"].transform("nunique")
    return pictures[labels > 1].sort_values("group", kind="stable")


def warn_of_contradicting(manifest: pd.DataFrame) -> None:
    """Say which pictures have copies with the other label; they may only look like copies."""
    rows = find_contradicting(manifest)
    if rows.empty:
        return
    first = rows[rows["group"] == rows["group"].iloc[0]]
    names = name_origins(first).groupby(first["label"]).first()
    _log.warning(
        "%d slices in %d groups of copies have both labels, such as %s and %s; tumorscope audit "
        "shows them",
        len(rows), rows["group"].nunique(), names[1], names[0],
    )  # fmt: skip


def warn_of_spellings(manifest: pd.DataFrame) -> None:
    """Say which patients may be one, written in two ways; each way is a group of its own."""
    if "patient_id" not in manifest:
        return
    written = pd.Series(manifest["patient_id"].dropna().unique())
    folded = written.astype(str).str.casefold().str.replace(r"^0*(\d+?)(\.0*)?$", r"\1", regex=True)
    alike = written[folded.duplicated(keep=False)]
    if len(alike):
        first = alike[folded[alike.index] == folded[alike.index[0]]]
        _log.warning(
            "%s are taken for different patients, and so are %d ids in all that differ in spelling "
            "only; correct them if they are one",
            " and ".join(map(repr, first)), len(alike),
        )  # fmt: skip
