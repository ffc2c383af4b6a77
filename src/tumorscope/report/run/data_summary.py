"""How many slices a run had, where they went, and which files it could not use."""

from dataclasses import dataclass

import pandas as pd

from tumorscope.dataset.contradictions import find_contradicting


@dataclass(frozen=True)
class SplitCount:
    """The slices of one part of the data, and the groups that they stand in."""

    split: str
    no_tumor: int
    tumor: int
    groups: int

    @property
    def slices(self) -> int:
        """All slices of the part."""
        return self.no_tumor + self.tumor


@dataclass(frozen=True)
class DataSummary:
    """The data of a run in a few numbers.

    Parameters
    ----------
    splits
        The parts of the data, by name.
    total
        All parts together; a group that stands in several counts once.
    grouped_slices
        Slices that are not alone in their group.
    largest_group
        The slices of the largest group.
    crossing_groups
        Groups with slices in more than one part: what was trained on is also measured on.
    contradicting
        Groups of copies with both labels, though nobody says that they are one patient's.
    names_patients
        Whether the data say whose slice it is: groups are then of one patient's slices, too.
    rejected_files
        Files that were found but not used.
    """

    splits: tuple[SplitCount, ...]
    total: SplitCount
    grouped_slices: int
    largest_group: int
    crossing_groups: int
    contradicting: int
    names_patients: bool
    rejected_files: int


def summarize_data(manifest: pd.DataFrame, rejected_files: int) -> DataSummary:
    """Count the slices of a manifest by part, class and group.

    Parameters
    ----------
    manifest
        One row per slice with `label` (0 or 1), `group`, `split` and, where known, `patient_id`.
        Not modified.
    rejected_files
        How many files were found but not used.
    """
    group_sizes = manifest["group"].value_counts()
    return DataSummary(
        splits=tuple(_count(str(name), part) for name, part in manifest.groupby("split")),
        total=_count("all", manifest),
        grouped_slices=int(group_sizes[group_sizes > 1].sum()),
        largest_group=int(group_sizes.max()),
        crossing_groups=int((manifest.groupby("group")["split"].nunique() > 1).sum()),
        contradicting=int(find_contradicting(manifest)["group"].nunique()),
        names_patients="patient_id" in manifest,
        rejected_files=rejected_files,
    )


def _count(name: str, part: pd.DataFrame) -> SplitCount:
    return SplitCount(
        name,
        no_tumor=int((part["label"] == 0).sum()),
        tumor=int((part["label"] == 1).sum()),
        groups=int(part["group"].nunique()),
    )
