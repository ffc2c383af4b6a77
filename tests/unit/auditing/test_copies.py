import pandas as pd
import pytest

from tumorscope.auditing.copies import find_conflicts, find_overlap, group_copies


def make_slices(*rows):
    return pd.DataFrame(rows, columns=["folder", "label_name", "group"])


class TestGroupCopies:
    @pytest.mark.slow
    def test_copies_share_a_group_and_say_how_they_were_made(self, reading):
        seen = []
        copies = group_copies(reading, lambda *report: seen.append(report))
        table = copies.set_index(reading.slices["folder"] + "/" + reading.slices["path"])
        # By path in each folder: "3.png", "no/0.jpg", "yes/0 again.png", ...
        assert table["group"].tolist() == [0, 1, 1, 1, 2, 3, 4, 2, 5]
        kinds = table["kind"]
        assert kinds["first/no/0.jpg"] == "original"
        assert kinds["first/yes/0.png"] == kinds["first/yes/0 again.png"] == "flipped"
        assert kinds["second/yes/1.png"] == "intensity"
        assert (kinds == "original").sum() == table["group"].nunique()
        assert ("looking for copies", 8, 8) in seen
        assert seen[-1] == ("comparing copies", 2, 2)

    @pytest.mark.slow
    def test_rows_are_those_of_the_reading(self, reading):
        copies = group_copies(reading)
        assert copies.index.equals(reading.slices.index)
        groups = copies["group"]
        assert (groups[copies["representative"]].to_numpy() == groups.to_numpy()).all()
        assert (groups[copies["through"]].to_numpy() == groups.to_numpy()).all()


class TestFindConflicts:
    def test_two_names_in_a_group_conflict(self):
        slices = make_slices(("a", "yes", 0), ("a", "no", 0), ("a", "yes", 1), ("a", "yes", 1))
        assert find_conflicts(slices) == [0]

    def test_case_and_missing_names_do_not_conflict(self):
        slices = make_slices(("a", "Yes", 0), ("b", "yes", 0), ("b", "", 0), ("b", "", 1))
        assert find_conflicts(slices) == []

    def test_a_missing_name_does_not_hide_a_conflict(self):
        assert find_conflicts(make_slices(("a", "", 0), ("a", "x", 0), ("a", "y", 0))) == [0]

    def test_the_largest_group_comes_first_and_equal_ones_by_number(self):
        pair = [("a", "x", 2), ("a", "y", 2), ("a", "x", 1), ("a", "y", 1)]
        slices = make_slices(*pair, ("a", "x", 3), ("a", "y", 3), ("a", "y", 3))
        assert find_conflicts(slices) == [3, 1, 2]


class TestFindOverlap:
    def test_each_ordered_pair_lists_the_slices_of_the_first(self):
        slices = make_slices(
            ("a", "", 0), ("a", "", 0), ("a", "", 1), ("b", "", 2), ("b", "", 0), ("c", "", 3)
        )
        overlap = find_overlap(slices, ["a", "b", "c"])
        assert list(overlap) == [
            ("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")
        ]  # fmt: skip
        assert overlap["a", "b"].to_dict() == {0: 4, 1: 4}
        assert overlap["b", "a"].to_dict() == {4: 0}
        assert overlap["a", "c"].empty
        assert overlap["c", "b"].empty

    def test_one_folder_overlaps_with_none(self):
        assert find_overlap(make_slices(("a", "", 0), ("a", "", 0)), ["a"]) == {}
