import json

import pytest

from tumorscope.auditing.leak import estimate_leak
from tumorscope.auditing.summary import summarize


class TestSummarize:
    def test_counts_everything_once(self, findings):
        summary = summarize(findings)
        assert summary["slices"] == 9
        assert summary["pictures"] == 6
        assert summary["copies"] == 3
        assert summary["exact"] == 1
        assert summary["linked"] == 0
        assert summary["largest_group"] == 3
        assert summary["conflicts"] == 1
        assert summary["unreadable"] == 1
        assert summary["outliers"] == len(findings.outliers)
        assert summary["kinds"] == {"flipped": 2, "intensity": 1}
        assert sum(summary["kinds"].values()) == summary["copies"]
        assert summary["expected_leak"] == estimate_leak(findings.slices["group"].to_numpy())

    def test_a_folder_is_counted_as_if_it_were_alone(self, findings):
        first, second = summarize(findings)["folders"]
        assert (first["folder"], first["slices"], first["pictures"]) == ("first", 6, 4)
        assert (second["folder"], second["slices"], second["pictures"]) == ("second", 3, 3)
        assert (first["largest_group"], second["largest_group"]) == (3, 1)
        assert (first["unreadable"], second["unreadable"]) == (0, 1)
        assert second["expected_leak"] == 0
        assert first["expected_leak"] == pytest.approx(0.5)  # one of six drawn: three of six leak

    def test_labels_of_a_folder_have_their_sizes_and_intensities(self, findings):
        labels = summarize(findings)["folders"][0]["labels"]
        assert [(label["label_name"], label["slices"]) for label in labels] == [
            ("", 1), ("no", 1), ("yes", 4)
        ]  # fmt: skip
        own = findings.slices.query("folder == 'first' and label_name == 'yes'")
        assert labels[2]["pictures"] == 3
        assert labels[2]["width"] == {
            "minimum": own["width"].min(),
            "median": own["width"].median(),
            "maximum": own["width"].max(),
        }
        assert labels[2]["brightness"]["median"] == own["brightness"].median()

    def test_overlap_counts_slices_and_pictures_for_each_ordered_pair(self, findings):
        assert summarize(findings)["overlap"] == [
            {"folder": "first", "other": "second", "slices": 1, "pictures": 1},
            {"folder": "second", "other": "first", "slices": 1, "pictures": 1},
        ]

    def test_the_summary_is_ready_for_json(self, findings):
        summary = summarize(findings)
        assert json.loads(json.dumps(summary)) == summary
