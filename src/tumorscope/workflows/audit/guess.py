"""How well labels can be guessed without looking at a picture, before anything is trained."""

from collections.abc import Sequence
from typing import TypedDict

import pandas as pd

from tumorscope.auditing.folders import FoundFile
from tumorscope.copies.groups import DisjointSets
from tumorscope.dataset.series import find_levels, name_series
from tumorscope.evaluation.measures.cells import LEVEL, TOGETHER, guess_by_cells, name_cells

_SOURCE = "source"
_OF_TABLES = (_SOURCE, "patient_id", "study", "sequence", "plane", "series", "slice")


class Guess(TypedDict):
    """The AUROC of guesses from what is not in the picture.

    `by` is from each column and from all together, `within` from level, plane and sequence
    together, of the slices of one source; both are of `slices`, each of which counts once.
    `left_out` says what is not guessed, and why.
    """

    slices: int
    by: dict[str, float | None]
    within: dict[str, float | None]
    left_out: list[str]


def measure_guesses(files: Sequence[FoundFile], copies: pd.Series, untold: Sequence[str]) -> Guess:
    """Measure how well the labels of slices can be guessed.

    Parameters
    ----------
    files
        What is known of the slices.
    copies
        The group of copies of each. Slices of one patient, or of one volume, are one group, too,
        as in a training: what one group has alone tells nothing of another.
    untold
        Why labels of some sources are not told.
    """
    rows = [{"label": file.label, **_keep(file)} for file in files]
    slices = pd.DataFrame(rows, columns=["label", *_OF_TABLES])
    slices["group"] = _join_groups(files, copies)
    slices = slices[slices["label"].notna()].astype({"label": int})
    left_out = [*untold]
    if slices["label"].nunique() < 2 and not untold:
        left_out.append("all slices are of one class")
    if slices["label"].nunique() < 2:
        return {"slices": len(slices), "by": {}, "within": {}, "left_out": left_out}
    slices = slices.dropna(axis=1, how="all")
    if "slice" in slices:
        slices["slice"] = pd.to_numeric(slices["slice"], errors="coerce")
    slices[LEVEL] = find_levels(name_series(slices))
    if slices[_SOURCE].nunique() == 1:
        slices = slices.drop(columns=_SOURCE)
    cells = name_cells(slices)
    if not cells:
        left_out.append("nothing is known of the slices besides their pictures")
    return {
        "slices": len(slices),
        "by": guess_by_cells(cells, slices["label"], slices["group"]),
        "within": _guess_within(slices, cells),
        "left_out": left_out,
    }


def _keep(file: FoundFile) -> dict[str, str]:
    return {name: value for name, value in file.details.items() if name in _OF_TABLES}


def _join_groups(files: Sequence[FoundFile], copies: pd.Series) -> list[int]:
    sets = DisjointSets(len(files))
    sets.join_equal(copies)
    sets.join_equal(file.details.get("patient_id") for file in files)
    sets.join_equal(file.details.get("series") if file.is_unpacked else None for file in files)
    return [int(group) for group in sets.number()]


def _guess_within(slices: pd.DataFrame, cells: dict[str, pd.Series]) -> dict[str, float | None]:
    others = {name: values for name, values in cells.items() if name != _SOURCE}
    if _SOURCE not in cells or not others:
        return {}
    within = {}
    for source, own in slices.groupby(_SOURCE):
        if own["label"].nunique() == 2:
            here = {name: values[own.index] for name, values in others.items()}
            guesses = guess_by_cells(here, own["label"], own["group"])
            within[str(source)] = guesses.get(TOGETHER, next(iter(guesses.values())))
    return within
