import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import tumorscope
from scan_files import make_nifti
from tumorscope.dataset.manifest import read_table
from tumorscope.errors import InputError
from tumorscope.phantoms import draw_phantom
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.replacing import MARKER
from tumorscope.workflows.audit import command as module
from tumorscope.workflows.audit.command import audit


@pytest.fixture(scope="module")
def pictures():
    return [draw_phantom(23, index, has_tumor=False).image_hw for index in range(4)]


@pytest.fixture
def folders(tmp_path, pictures):
    """train: yes/0, no/0 (flipped), no/1, no/bad; test: 1 (the same bytes), 2."""

    def save(name, pixels):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(pixels)).save(tmp_path / name)

    save("train/yes/0.png", pictures[0])
    save("train/no/0.png", pictures[0][:, ::-1])
    save("train/no/1.png", pictures[1])
    (tmp_path / "train/no/bad.png").write_bytes(b"no image")
    save("test/2.png", pictures[2])
    shutil.copy(tmp_path / "train/no/1.png", tmp_path / "test/1.png")
    return [tmp_path / "train", tmp_path / "test"]


@pytest.fixture
def clean(tmp_path, pictures):
    """Three different slices."""
    folder = tmp_path / "clean"
    folder.mkdir()
    for index in range(3):
        Image.fromarray(pictures[index]).save(folder / f"{index}.png")
    return folder


class TestAudit:
    def test_it_is_part_of_the_public_api(self):
        assert tumorscope.audit is audit

    def test_three_files_are_written_into_an_empty_folder(self, folders, tmp_path):
        (tmp_path / "out").mkdir()
        audit(folders, tmp_path / "out")
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            MARKER, "audit.html", "audit.json", "groups.csv"
        ]  # fmt: skip

    def test_groups_name_every_readable_slice(self, folders, tmp_path):
        audit(folders, tmp_path / "out")
        table = read_table(tmp_path / "out" / "groups.csv")
        expected = pd.DataFrame(
            [
                ("no/0.png", "train", "no", 0, "original"),
                ("no/1.png", "train", "no", 1, "original"),
                ("yes/0.png", "train", "yes", 0, "flipped"),
                ("1.png", "test", np.nan, 1, "exact"),
                ("2.png", "test", np.nan, 2, "original"),
            ],
            columns=["path", "folder", "label_name", "group", "kind"],
        )
        pd.testing.assert_frame_equal(table, expected, check_dtype=False)

    def test_the_document_holds_numbers_findings_and_origin(self, folders, tmp_path):
        summary = audit(folders, tmp_path / "out", fail_on=["conflicts"])
        document = json.loads((tmp_path / "out" / "audit.json").read_text("utf-8"))
        assert document.keys() == {"notice", "summary", "findings", "environment"}
        assert document["notice"] == RESEARCH_USE_ONLY
        assert document["summary"] == summary
        assert document["findings"].keys() == {
            "conflicts", "overlap", "outliers", "unreadable", "linked"
        }  # fmt: skip
        assert document["environment"]["arguments"]["folders"] == [str(path) for path in folders]
        assert document["environment"]["packages"]["numpy"] == np.__version__

    def test_the_numbers_are_returned(self, folders, tmp_path):
        summary = audit(folders, tmp_path / "out")
        assert (summary["slices"], summary["pictures"], summary["copies"]) == (5, 3, 2)
        assert (summary["exact"], summary["conflicts"], summary["unreadable"]) == (1, 1, 1)
        assert [row["slices"] for row in summary["overlap"]] == [1, 1]
        assert summary["failed"] == []

    def test_one_folder_may_be_given_as_text(self, clean, tmp_path):
        summary = audit(str(clean), str(tmp_path / "out"))
        assert (summary["slices"], summary["pictures"], summary["overlap"]) == (3, 3, [])

    @pytest.mark.slow
    def test_two_audits_are_equal(self, folders, tmp_path):
        first = audit(folders, tmp_path / "a"), (tmp_path / "a" / "groups.csv").read_bytes()
        second = audit(folders, tmp_path / "b"), (tmp_path / "b" / "groups.csv").read_bytes()
        assert first == second

    def test_progress_is_reported_by_stage(self, folders, tmp_path):
        seen = []
        audit(folders, tmp_path / "out", on_progress=lambda *report: seen.append(report))
        assert list(dict.fromkeys(stage for stage, _, _ in seen)) == [
            "reading images", "looking for copies", "comparing copies"
        ]  # fmt: skip
        assert all(done <= total for _, done, total in seen)

    def test_a_slice_that_vanishes_is_still_shown(self, folders, tmp_path, monkeypatch):
        def find_all_and_lose(reading, on_progress):
            findings = find_all(reading, on_progress)
            (folders[0] / "no" / "0.png").unlink()
            return findings

        find_all = module.find_all
        monkeypatch.setattr(module, "find_all", find_all_and_lose)
        audit(folders, tmp_path / "out")
        assert "no/0.png" in (tmp_path / "out" / "audit.html").read_text("utf-8")

    def test_names_that_are_not_utf8_do_no_harm(self, clean, tmp_path):
        name = os.fsdecode(os.fsencode(clean) + b"/\xff <b>.png")
        shutil.copy(clean / "0.png", name)
        assert audit(clean, tmp_path / "out")["exact"] == 1
        paths = read_table(tmp_path / "out" / "groups.csv")["path"]
        assert os.path.basename(name) in set(paths)  # noqa: PTH119
        html = (tmp_path / "out" / "audit.html").read_text("utf-8", errors="strict")
        assert "\\udcff &lt;b&gt;.png" in html


class TestFailOn:
    def test_what_was_found_is_named(self, folders, tmp_path):
        faults = ["unreadable", "copies"]
        assert audit(folders, tmp_path / "out", faults)["failed"] == ["copies", "unreadable"]

    def test_what_was_not_found_is_not(self, clean, tmp_path):
        assert audit(clean, tmp_path / "out", list(module.FAULTS))["failed"] == []

    def test_unknown_name_is_refused_before_any_work(self, clean, tmp_path):
        with pytest.raises(InputError, match=r"copy.*expected some of.*did you mean 'copies'"):
            audit(clean, tmp_path / "out", ["copy"])
        assert not (tmp_path / "out").exists()


class TestOut:
    def test_an_earlier_audit_is_replaced(self, folders, clean, tmp_path):
        audit(folders, tmp_path / "out")
        audit(clean, tmp_path / "out")
        paths = read_table(tmp_path / "out" / "groups.csv")["path"]
        assert paths.tolist() == ["0.png", "1.png", "2.png"]

    def test_other_files_are_never_removed(self, clean, tmp_path):
        audit(clean, tmp_path / "out")
        (tmp_path / "out" / "notes.txt").write_text("mine")
        with pytest.raises(InputError, match="holds other files"):
            audit(clean, tmp_path / "out")
        assert (tmp_path / "out" / "notes.txt").read_text() == "mine"

    @pytest.mark.parametrize("place", ["clean", "."])
    def test_a_folder_that_is_looked_through_is_never_replaced(self, clean, tmp_path, place):
        with pytest.raises(InputError, match=r"(is|holds) .*clean, which is read"):
            audit(clean, tmp_path / place)
        assert len(list(clean.iterdir())) == 3

    def test_a_file_is_refused(self, clean, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(InputError, match="file: a file; choose a new folder"):
            audit(clean, tmp_path / "file")

    def test_nothing_is_left_when_the_page_cannot_be_written(self, clean, tmp_path, monkeypatch):
        audit(clean, tmp_path / "out")
        before = (tmp_path / "out" / "audit.json").read_bytes()

        def fail(*_):
            raise OSError("disk full")

        monkeypatch.setattr(module, "write_audit_page", fail)
        with pytest.raises(OSError, match="disk full"):
            audit(clean, tmp_path / "out")
        assert (tmp_path / "out" / "audit.json").read_bytes() == before
        assert sorted(path.name for path in tmp_path.iterdir()) == ["clean", "out"]


def test_slices_of_a_volume_are_shown_and_leave_nothing_behind(tmp_path, pictures):
    rows, columns = np.min([one.shape for one in pictures[:3]], axis=0)
    shown = np.stack([one[:rows, :columns] for one in pictures[:3]], axis=2)
    volume = shown[::-1, ::-1].transpose(1, 0, 2)
    (tmp_path / "heads/yes").mkdir(parents=True)
    (tmp_path / "heads/yes/a.nii").write_bytes(make_nifti(np.int16(volume)))
    Image.fromarray(shown[..., 1].copy()).save(tmp_path / "heads/copy.png")
    result = audit(tmp_path / "heads", tmp_path / "out")
    assert result["slices"] == 4
    assert result["copies"] == 1
    table = read_table(tmp_path / "out/groups.csv")
    assert table["path"].tolist() == ["copy.png", *(f"yes/a.nii#00{at}" for at in range(3))]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heads", "out"]
    page = (tmp_path / "out/audit.html").read_text()
    assert "yes/a.nii#001" in page
    assert ".partial-" not in page


def test_a_table_is_read_and_says_how_well_its_label_can_be_guessed(tmp_path, pictures):
    rows = ["path,label,plane"]
    for row, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{row}.png")
        rows.append(f"{row}.png,{'glioma' if row < 2 else 'none'},{'axial' if row < 2 else ''}")
    (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    result = audit(tmp_path / "table.csv", tmp_path / "out", positive="glioma")
    assert result["guess"] == {
        "slices": 4, "by": {"plane": 1.0}, "within": {}, "left_out": []
    }  # fmt: skip
    document = json.loads((tmp_path / "out" / "audit.json").read_text("utf-8"))
    assert document["summary"]["guess"] == result["guess"]
    table = read_table(tmp_path / "out" / "groups.csv")
    assert table["folder"].tolist() == ["table.csv"] * 4
    assert table["label_name"].tolist() == ["glioma", "glioma", "none", "none"]
    page = (tmp_path / "out" / "audit.html").read_text("utf-8")
    assert "gives the label away" in page
    with pytest.raises(InputError, match=r"table\.csv: expected images of two classes, 'yes'"):
        audit(tmp_path / "table.csv", tmp_path / "out")
