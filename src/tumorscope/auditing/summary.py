"""An audit in numbers: of everything, of each folder, of each label in it."""

from typing import TypedDict

import pandas as pd

from tumorscope.auditing.findings import Findings
from tumorscope.auditing.leak import estimate_leak
from tumorscope.copies.members import LINKED, ORIGINAL


class Range(TypedDict):
    """How a property is spread."""

    minimum: float
    median: float
    maximum: float


class LabelSummary(TypedDict):
    """The images of a folder in subfolders of one name.

    `shape` is width divided by height; `brightness` and `contrast` are mean and standard
    deviation of the gray levels of an image, 0..255.
    """

    label_name: str
    slices: int
    pictures: int
    width: Range
    height: Range
    shape: Range
    brightness: Range
    contrast: Range


class FolderSummary(TypedDict):
    """The images of one folder, regardless of the others.

    `expected_leak` is the share of the validation slices of a random 80/20 split that are
    expected to have a copy in training.
    """

    folder: str
    slices: int
    pictures: int
    largest_group: int
    expected_leak: float
    unreadable: int
    labels: list[LabelSummary]


class OverlapSummary(TypedDict):
    """How many images of a folder, and how many different pictures, are in another one."""

    folder: str
    other: str
    slices: int
    pictures: int


class AuditSummary(TypedDict):
    """Everything that an audit counted.

    Images that are copies of one another are one of the `pictures`; the rest of `slices` are
    `copies`, `exact` ones among them. `kinds` counts what was done to copies, `linked` those that
    were not found to be copies of the largest image of their group, but of another one.
    `conflicts` counts groups of copies with several label names, `outliers` images unlike the
    rest.
    """

    slices: int
    pictures: int
    copies: int
    exact: int
    linked: int
    largest_group: int
    expected_leak: float
    conflicts: int
    outliers: int
    unreadable: int
    kinds: dict[str, int]
    folders: list[FolderSummary]
    overlap: list[OverlapSummary]


def summarize(findings: Findings) -> AuditSummary:
    """Count what an audit found."""
    slices = findings.slices
    kinds = slices.loc[slices["kind"] != ORIGINAL, "kind"].value_counts()
    return {
        "slices": len(slices),
        "pictures": _count_pictures(slices),
        "copies": len(slices) - _count_pictures(slices),
        "exact": int(slices["sha256"].duplicated().sum()),
        "linked": int(kinds.get(LINKED, 0)),
        "largest_group": _measure_largest(slices),
        "expected_leak": estimate_leak(slices["group"].to_numpy()),
        "conflicts": len(findings.conflicts),
        "outliers": len(findings.outliers),
        "unreadable": len(findings.rejected),
        "kinds": {str(kind): int(count) for kind, count in kinds.items()},
        "folders": [_summarize_folder(findings, name) for name in findings.names],
        "overlap": [
            {
                "folder": folder,
                "other": other,
                "slices": len(rows),
                "pictures": _count_pictures(slices.loc[rows.index]),
            }
            for (folder, other), rows in findings.overlap.items()
        ],
    }


def _summarize_folder(findings: Findings, name: str) -> FolderSummary:
    slices = findings.slices[findings.slices["folder"] == name]
    return {
        "folder": name,
        "slices": len(slices),
        "pictures": _count_pictures(slices),
        "largest_group": _measure_largest(slices),
        "expected_leak": estimate_leak(slices["group"].to_numpy()),
        "unreadable": int((findings.rejected["folder"] == name).sum()),
        "labels": [
            _summarize_label(str(label_name), part)
            for label_name, part in slices.groupby("label_name")
        ],
    }


def _summarize_label(label_name: str, slices: pd.DataFrame) -> LabelSummary:
    return {
        "label_name": label_name,
        "slices": len(slices),
        "pictures": _count_pictures(slices),
        "width": _measure_range(slices["width"]),
        "height": _measure_range(slices["height"]),
        "shape": _measure_range(slices["shape"]),
        "brightness": _measure_range(slices["brightness"]),
        "contrast": _measure_range(slices["contrast"]),
    }


def _measure_range(values: pd.Series) -> Range:
    return {
        "minimum": float(values.min()),
        "median": float(values.median()),
        "maximum": float(values.max()),
    }


def _count_pictures(slices: pd.DataFrame) -> int:
    return int(slices["group"].nunique())


def _measure_largest(slices: pd.DataFrame) -> int:
    return int(slices["group"].value_counts().max())
