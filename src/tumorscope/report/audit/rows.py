"""The numbers of an audit as the rows and cards of its page."""

from typing import NamedTuple

import pandas as pd

from tumorscope.auditing.summary import AuditSummary, Range
from tumorscope.copies.kinds import CROPPED, INTENSITY, RECOMPRESSED, RESCALED
from tumorscope.copies.members import EXACT, LINKED
from tumorscope.report.wording import count_noun, format_percent, make_printable

_MEANINGS = {
    EXACT: "the same bytes as the original",
    "flipped": "mirrored, perhaps turned as well",
    "turned": "by 90, 180 or 270 degrees",
    CROPPED: "a border cut off, or added",
    RESCALED: "another size in px",
    INTENSITY: "brighter, darker, sharper, or of another contrast",
    RECOMPRESSED: "stored anew, and no more",
    LINKED: "a copy of another copy, not found to be one of the original itself",
}
_LARGEST_OF_BIN = (1, 2, 5, 10, 20, 50)


class Card(NamedTuple):
    """A figure in large print."""

    name: str
    value: str
    meaning: str


class KindRow(NamedTuple):
    """How many copies were changed in one way; `share` is of all copies, 0 to 1."""

    kind: str
    copies: int
    share: float
    meaning: str


class SizeRow(NamedTuple):
    """Pictures that appear a certain number of times; `share` is of all slices, 0 to 1."""

    times: str
    pictures: int
    slices: int
    share: float


def describe_headline(summary: AuditSummary) -> str:
    """Say in one line how many slices show how many pictures."""
    slices, pictures = summary["slices"], summary["pictures"]
    if slices == pictures:
        return f"{count_noun(slices, 'slice')}, no copies found"
    return f"{count_noun(slices, 'slice')}, but {count_noun(pictures, 'different picture')}"


def describe_cards(summary: AuditSummary) -> list[Card]:
    """Choose the figures to read first."""
    near = summary["copies"] - summary["exact"]
    return [
        Card(
            "Different pictures",
            f"{summary['pictures']:,}",
            f"in {count_noun(summary['slices'], 'slice')}",
        ),
        Card(
            "Copies",
            f"{summary['copies']:,}",
            f"{summary['exact']:,} with the bytes of another slice, {near:,} changed",
        ),
        Card(
            "Most used picture",
            f"{summary['largest_group']:,} \N{MULTIPLICATION SIGN}",
            "slices of the largest group",
        ),
        Card(
            "Leak of a random split",
            format_percent(summary["expected_leak"]),
            "of the validation slices have a copy in training, if one in five is drawn at random",
        ),
        Card(
            "Label conflicts",
            f"{summary['conflicts']:,}",
            "pictures with more than one label",
        ),
    ]


def describe_folders(summary: AuditSummary) -> list[list[str]]:
    """Fill a row for each folder by itself, and one for all if there are several."""
    rows = [
        [
            make_printable(folder["folder"]),
            f"{folder['slices']:,}",
            f"{folder['pictures']:,}",
            f"{folder['slices'] - folder['pictures']:,}",
            f"{folder['largest_group']:,}",
            format_percent(folder["expected_leak"]),
            f"{folder['unreadable']:,}",
        ]
        for folder in summary["folders"]
    ]
    if len(rows) > 1:
        rows.append(
            [
                "together",
                f"{summary['slices']:,}",
                f"{summary['pictures']:,}",
                f"{summary['copies']:,}",
                f"{summary['largest_group']:,}",
                format_percent(summary["expected_leak"]),
                f"{summary['unreadable']:,}",
            ]
        )
    return rows


def describe_kinds(summary: AuditSummary) -> list[KindRow]:
    """Count the copies that were changed in each way; one may have been changed in several."""
    counts = dict.fromkeys(_MEANINGS, 0)
    for kinds, copies in summary["kinds"].items():
        for kind in kinds.split("+"):
            counts[kind] += copies
    total = max(summary["copies"], 1)
    return [
        KindRow(kind, copies, copies / total, _MEANINGS[kind])
        for kind, copies in counts.items()
        if copies
    ]


def describe_sizes(groups: pd.Series) -> list[SizeRow]:
    """Count how many pictures appear once, twice, and so on.

    Parameters
    ----------
    groups
        The group of each slice.
    """
    sizes = groups.value_counts()
    rows, low = [], 1
    for high in (*_LARGEST_OF_BIN, int(sizes.max())):
        own = sizes[sizes.between(low, high)]
        if len(own):
            times = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            rows.append(SizeRow(times, len(own), int(own.sum()), float(own.sum() / len(groups))))
        low = max(high + 1, low)
    return rows


def describe_overlap(summary: AuditSummary) -> list[list[str]]:
    """Fill a row for each ordered pair of folders that share pictures."""
    slices = {folder["folder"]: folder["slices"] for folder in summary["folders"]}
    return [
        [
            make_printable(f"of {row['folder']} in {row['other']}"),
            f"{row['slices']:,} of {slices[row['folder']]:,}",
            format_percent(row["slices"] / slices[row["folder"]]),
            f"{row['pictures']:,}",
        ]
        for row in summary["overlap"]
        if row["slices"]
    ]


def describe_labels(summary: AuditSummary) -> list[list[str]]:
    """Fill a row with sizes and intensities for each label of each folder."""
    return [
        [
            make_printable(f"{folder['folder']}/{label['label_name']}".rstrip("/")),
            f"{label['slices']:,}",
            f"{label['pictures']:,}",
            _format_range(label["width"], ",.0f"),
            _format_range(label["height"], ",.0f"),
            _format_range(label["shape"], ".2f"),
            _format_range(label["brightness"], ".0f"),
            _format_range(label["contrast"], ".0f"),
        ]
        for folder in summary["folders"]
        for label in folder["labels"]
    ]


def _format_range(values: Range, spec: str) -> str:
    return (
        f"{values['median']:{spec}} ({values['minimum']:{spec}}\N{EN DASH}"
        f"{values['maximum']:{spec}})"
    )
