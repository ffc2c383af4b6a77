import pandas as pd

from tumorscope.report.run.data_summary import SplitCount, summarize_data


def test_parts_classes_and_groups_are_counted(manifest):
    data = summarize_data(manifest, rejected_files=3)
    assert data.splits == (SplitCount("train", 1, 2, 2), SplitCount("validation", 2, 3, 5))
    assert data.total == SplitCount("all", 3, 5, 7)
    assert data.total.slices == 8
    assert (data.grouped_slices, data.largest_group, data.crossing_groups) == (2, 2, 0)
    assert not data.names_patients
    assert data.rejected_files == 3


def test_a_group_in_two_parts_crosses_the_split_and_counts_once(manifest):
    data = summarize_data(manifest.assign(group=[0, 1, 2, 3, 3, 0, 3, 7]), 0)
    assert (data.grouped_slices, data.largest_group, data.crossing_groups) == (5, 3, 2)
    assert [split.groups for split in data.splits] == [3, 4]
    assert data.total.groups == 5


def test_copies_with_both_labels_are_counted_unless_one_patient_has_them(manifest):
    labels = manifest["label"].tolist()
    both = manifest.assign(group=[7 if at in (labels.index(0), labels.index(1)) else at + 10
                                  for at in range(8)])  # fmt: skip
    assert summarize_data(both, 0).contradicting == 1
    assert summarize_data(both.assign(patient_id="P1"), 0).contradicting == 0
    assert summarize_data(both.assign(group=range(8)), 0).contradicting == 0


def test_patients_are_known_where_a_column_names_them(manifest):
    assert summarize_data(manifest.assign(patient_id="P1"), 0).names_patients


def test_the_manifest_stays_unchanged(manifest):
    before = manifest.copy()
    summarize_data(manifest, 0)
    pd.testing.assert_frame_equal(manifest, before)
