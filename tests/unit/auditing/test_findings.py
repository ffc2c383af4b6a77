import dataclasses
import json

from tumorscope.auditing.findings import list_findings


class TestFindAll:
    def test_everything_is_found(self, findings):
        assert findings.names == ["first", "second"]
        assert len(findings.slices) == 9
        assert findings.slices["path"].notna().all()
        assert findings.rejected["path"].tolist() == ["no/bad.png"]
        group = findings.slices.set_index("path").loc["no/0.jpg", "group"]
        assert findings.conflicts == [group]
        assert [len(rows) for rows in findings.overlap.values()] == [1, 1]


class TestListFindings:
    def test_every_finding_names_its_files(self, findings):
        listed = list_findings(findings)
        (conflict,) = listed["conflicts"]
        assert conflict["slices"] == [
            {"folder": "first", "path": "no/0.jpg", "label_name": "no"},
            {"folder": "first", "path": "yes/0 again.png", "label_name": "yes"},
            {"folder": "first", "path": "yes/0.png", "label_name": "yes"},
        ]
        assert listed["overlap"] == [
            {
                "folder": "first",
                "other": "second",
                "copies": [{"path": "yes/1.png", "copy": "yes/1.png"}],
            },
            {
                "folder": "second",
                "other": "first",
                "copies": [{"path": "yes/1.png", "copy": "yes/1.png"}],
            },
        ]
        (unreadable,) = listed["unreadable"]
        assert unreadable["path"] == "no/bad.png"
        assert unreadable["reason"].startswith("content of no known format")
        assert listed["linked"] == []

    def test_outliers_have_their_reasons(self, findings):
        odd = dataclasses.replace(findings, outliers={4: "light background", 0: "in color"})
        assert list_findings(odd)["outliers"] == [
            {"folder": "first", "path": "yes/1.png", "reasons": "light background"},
            {"folder": "first", "path": "3.png", "reasons": "in color"},
        ]

    def test_a_linked_slice_names_the_slice_it_is_a_copy_of(self, findings):
        slices = findings.slices.copy()
        slices.loc[7, ["kind", "through", "correlation"]] = ["linked", 4, 0.876543]
        (linked,) = list_findings(dataclasses.replace(findings, slices=slices))["linked"]
        assert linked == {
            "folder": "second",
            "path": "yes/1.png",
            "group": int(slices.loc[7, "group"]),
            "through": {"folder": "first", "path": "yes/1.png"},
            "correlation": 0.8765,
        }

    def test_the_lists_are_ready_for_json(self, findings):
        listed = list_findings(findings)
        assert json.loads(json.dumps(listed)) == listed
