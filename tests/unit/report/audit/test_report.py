import dataclasses

import cv2
import numpy as np
import pandas as pd
import pytest

from html_page import Page, assert_needs_nothing_from_elsewhere
from tumorscope.auditing.summary import summarize
from tumorscope.provenance import RESEARCH_USE_ONLY, describe_environment
from tumorscope.report.audit.report import write_audit_page

HOSTILE = "yes/<script>alert(1)</script>&\"'.jpg"
NOT_UTF8 = "yes/\udcff.jpg"
NO_GUESS = {"slices": 0, "by": {}, "within": {}, "left_out": []}


@pytest.fixture
def write(tmp_path, draw_slice):
    def write(findings, read=draw_slice, guess=NO_GUESS):
        environment = describe_environment({"folders": ["/home/ann/data"]})
        page = tmp_path / "audit.html"
        write_audit_page(page, findings, summarize(findings), guess, environment, read)
        return page.read_text("utf-8", errors="strict")

    return write


class TestPage:
    def test_the_headline_counts_pictures(self, write, two_folders):
        page = Page(write(two_folders))
        assert "7 slices, but 4 different pictures" in page.text
        assert page.text.count(RESEARCH_USE_ONLY) == 2

    def test_it_needs_nothing_from_elsewhere(self, write, two_folders):
        assert_needs_nothing_from_elsewhere(write(two_folders), pictures=12)

    def test_every_link_leads_to_a_section(self, write, two_folders):
        page = Page(write(two_folders))
        targets = {target.removeprefix("#") for target in page.find("a", "href")}
        assert targets == set(page.find("section", "id"))

    def test_each_folder_has_its_row_and_all_together_theirs(self, write, two_folders):
        text = Page(write(two_folders)).text
        assert "a 5 3 2 2" in text
        assert "b 2 2 0 1" in text
        assert "together 7 4 3 3" in text

    def test_groups_conflicts_and_overlap_are_shown(self, write, two_folders):
        text = Page(write(two_folders)).text
        assert "3 slices of one picture 1 in a/yes, 1 in a/no, 1 in b/yes." in text
        assert "1 picture with copies in subfolders of different names" in text
        assert "of a in b 2 of 5 40.0 % 1" in text
        assert "of b in a 1 of 2 50.0 % 1" in text
        assert "none is here only because it resembles another copy" in text

    def test_an_odd_picture_is_shown_once_with_the_number_of_its_copies(self, write, two_folders):
        text = Page(write(two_folders)).text
        assert text.count("light background") == 1
        assert "light background a/yes/3.png and 1 copy" in text
        assert "40 % of it is in color b/no/6.png" in text

    def test_one_clean_folder_says_so(self, write, make_findings):
        page = Page(write(make_findings([0, 1, 2])))
        assert "3 slices, no copies found" in page.text
        assert "No copies were found" in page.text
        assert "No picture has copies in subfolders of different names" in page.text
        assert "Nothing stands out" in page.text
        assert "could be read to its end" in page.text
        assert "overlap" not in page.find("section", "id")
        assert "together 3" not in page.text
        assert "img" not in page.tags

    def test_a_guess_that_gives_the_label_away_is_marked(self, write, two_folders):
        guess = {
            "slices": 7,
            "by": {"level": 0.65, "source": 0.71, "together": None},
            "within": {"<b>a": 0.9, "b": 0.5},
            "left_out": ["c\udcff: one class"],
        }
        text = Page(write(two_folders, guess=guess)).text
        section = text[text.rindex("Guessed without looking") :]
        assert "the 7 labelled slices" in section
        assert "level in the head 0.650 source" in section
        assert "source 0.710 (gives the label away)" in section
        assert "all of these together undefined" in section
        assert "<b>a 0.900 (gives the label away) b 0.500" in section
        assert "Left out: c\\udcff: one class" in section

    def test_labels_that_cannot_be_guessed_are_said_so(self, write, two_folders):
        assert "It cannot be said how well labels" in Page(write(two_folders)).text

    def test_linked_slices_are_announced(self, write, make_findings):
        findings = make_findings([0, 0], kinds=["original", "linked"])
        assert "1 copy matched another copy only" in Page(write(findings)).text

    def test_unreadable_files_are_listed_with_the_reason_up_to_a_limit(self, write, make_findings):
        rejected = pd.DataFrame(
            {"folder": "data", "path": [f"{n}.png" for n in range(140)], "reason": "truncated"}
        )
        findings = dataclasses.replace(make_findings([0, 1]), rejected=rejected)
        text = Page(write(findings)).text
        assert "data/99.png truncated" in text
        assert "data/100.png" not in text
        assert "The first 100 of 140" in text

    def test_hostile_names_stay_text(self, write, make_findings):
        findings = make_findings(
            [0, 0, 0],
            folders=["<b>a", "<b>a", "\udcfeb"],
            labels=["<i>", "no", NOT_UTF8],
            paths=[HOSTILE, NOT_UTF8, HOSTILE],
            outliers={0: "light background"},
        )
        rejected = pd.DataFrame({"folder": ["<b>a"], "path": [HOSTILE], "reason": [HOSTILE]})
        page = Page(write(dataclasses.replace(findings, rejected=rejected)))
        assert not {"script", "b", "i"} & set(page.tags)
        assert "<script>alert(1)</script>" in page.text
        assert "\\udcff.jpg" in page.text

    @pytest.mark.slow
    def test_many_slices_make_no_large_page(self, write, make_findings):
        """Pictures are bounded in number; noise is what JPEG stores worst."""
        count = 3000
        generator = np.random.default_rng(0)
        findings = make_findings(
            (np.arange(count) // 30).tolist(),
            folders=[f"folder {row % 3}" for row in range(count)],
            labels=[f"label {row % 4}" for row in range(count)],
            outliers=dict.fromkeys(range(0, count, 2), "light background"),
        )
        assert len(findings.conflicts) == 100
        noise = generator.integers(0, 120, (200, 200, 3), dtype=np.uint8)
        smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
        assert len(write(findings, lambda row: np.roll(smooth, row))) < 5e6
