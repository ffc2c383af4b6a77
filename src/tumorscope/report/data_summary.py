"""How many slices a run had, where they went, and which files it could not use."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class SplitCount:
    """The slices of one part of the data."""

    split: str
    no_tumor: int
    tumor: int

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
    shared_groups
        Groups of more than one slice: the same bytes, or the same patient.
    grouped_slices
        The slices in those groups.
    crossing_groups
        Groups with slices in more than one part: what was trained on is also measured on.
    rejected_files
        Files that were found but not used.
    """

    splits: tuple[SplitCount, ...]
    shared_groups: int
    grouped_slices: int
    crossing_groups: int
    rejected_files: int

    @property
    def total(self) -> SplitCount:
        """All parts together."""
        return SplitCount(
            "all",
            sum(split.no_tumor for split in self.splits),
            sum(split.tumor for split in self.splits),
        )


def summarize_data(manifest: pd.DataFrame, rejected_files: int) -> DataSummary:
    """Count the slices of a manifest by part, class and group.

    Parameters
    ----------
    manifest
        One row per slice with `label` (0 or 1), `group` and `split`. Not modified.
    rejected_files
        How many files were found but not used.
    """
    group_sizes = manifest["group"].value_counts()
    shared = group_sizes[group_sizes > 1]
    return DataSummary(
        splits=tuple(_count_split(manifest, name) for name in sorted(manifest["split"].unique())),
        shared_groups=len(shared),
        grouped_slices=int(shared.sum()),
        crossing_groups=int((manifest.groupby("group")["split"].nunique() > 1).sum()),
        rejected_files=rejected_files,
    )


def _count_split(manifest: pd.DataFrame, name: str) -> SplitCount:
    labels = manifest.loc[manifest["split"] == name, "label"]
    return SplitCount(str(name), int((labels == 0).sum()), int((labels == 1).sum()))
