import pandas as pd

from tumorscope.report.data_summary import SplitCount, summarize_data


def test_parts_classes_and_groups_are_counted(manifest):
    data = summarize_data(manifest, rejected_files=3)
    assert data.splits == (SplitCount("train", 1, 2), SplitCount("validation", 2, 3))
    assert data.total == SplitCount("all", 3, 5)
    assert data.total.slices == 8
    assert (data.shared_groups, data.grouped_slices, data.crossing_groups) == (1, 2, 0)
    assert data.rejected_files == 3


def test_a_group_in_two_parts_crosses_the_split(manifest):
    data = summarize_data(manifest.assign(group=[0, 1, 2, 3, 3, 0, 6, 6]), 0)
    assert (data.shared_groups, data.grouped_slices, data.crossing_groups) == (3, 6, 1)


def test_the_manifest_stays_unchanged(manifest):
    before = manifest.copy()
    summarize_data(manifest, 0)
    pd.testing.assert_frame_equal(manifest, before)
