"""Everything an audit finds, and the same as lists for a machine to read."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tumorscope.auditing.copies import find_conflicts, find_overlap, group_copies
from tumorscope.auditing.outliers import PictureFeatures, find_outliers
from tumorscope.auditing.reading import Reading
from tumorscope.copies.members import LINKED
from tumorscope.progress import ProgressCallback, ignore_progress

_PLACE = ["folder", "path"]


@dataclass(frozen=True, eq=False)
class Findings:
    """What an audit found.

    Attributes
    ----------
    names
        Of the folders.
    slices
        One row per readable image: the columns of `Reading.slices` and of `group_copies`.
    rejected
        Columns ``folder``, ``path`` and ``reason``.
    outliers
        By row of `slices`, why an image is unlike the rest.
    conflicts
        Groups with more than one label name, the largest first.
    overlap
        From `find_overlap`.
    """

    names: list[str]
    slices: pd.DataFrame
    rejected: pd.DataFrame
    outliers: dict[int, str]
    conflicts: list[int]
    overlap: dict[tuple[str, str], pd.Series]


def find_all(reading: Reading, on_progress: ProgressCallback = ignore_progress) -> Findings:
    """Find copies, label conflicts, overlap of folders and images unlike the rest."""
    slices = pd.concat([reading.slices, group_copies(reading, on_progress)], axis=1)
    return Findings(
        reading.names,
        slices,
        reading.rejected,
        find_outliers(slices[list(PictureFeatures._fields)]),
        find_conflicts(slices),
        find_overlap(slices, reading.names),
    )


def list_findings(findings: Findings) -> dict[str, object]:
    """List each finding with the files that it is about, ready for JSON."""
    slices = findings.slices
    linked = slices[slices["kind"] == LINKED]
    members = slices.groupby("group").indices
    return {
        "conflicts": [
            {
                "group": group,
                "slices": _list_rows(slices.iloc[members[group]], "label_name"),
            }
            for group in findings.conflicts
        ],
        "overlap": [
            {"folder": folder, "other": other, "copies": _list_pairs(slices, rows)}
            for (folder, other), rows in findings.overlap.items()
        ],
        "outliers": [
            {**row, "reasons": reasons}
            for row, reasons in zip(
                _list_rows(slices.loc[list(findings.outliers)]),
                findings.outliers.values(),
                strict=True,
            )
        ],
        "unreadable": _list_rows(findings.rejected, "reason"),
        "linked": [
            {**row, "through": through, "correlation": correlation}
            for row, through, correlation in zip(
                _list_rows(linked, "group"),
                _list_rows(slices.loc[linked["through"]]),
                np.round(linked["correlation"], 4).tolist(),
                strict=True,
            )
        ],
    }


def _list_rows(table: pd.DataFrame, *columns: str) -> list[dict[str, object]]:
    names = [*_PLACE, *columns]
    values = (table[name].tolist() for name in names)  # plain Python numbers
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _list_pairs(slices: pd.DataFrame, copies: pd.Series) -> list[dict[str, object]]:
    own, other = slices.loc[copies.index, "path"], slices.loc[copies, "path"]
    return [{"path": path, "copy": copy} for path, copy in zip(own, other, strict=True)]
