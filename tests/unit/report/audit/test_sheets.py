import base64

import cv2
import numpy as np

from tumorscope.report.audit.sheets import draw_sheets


class TestSheets:
    def test_the_original_comes_first_then_the_least_alike(self, make_findings, draw_slice):
        findings = make_findings([0] * 5)
        (sheet,) = draw_sheets(findings, draw_slice).groups
        assert [tile.name for tile in sheet.tiles] == [
            "yes/0.png", "yes/4.png", "yes/3.png", "yes/2.png", "yes/1.png"
        ]  # fmt: skip
        assert [tile.is_original for tile in sheet.tiles] == [True] + [False] * 4
        assert sheet.tiles[1].note == "flipped, rescaled"
        assert "correlation of 0.95" in sheet.note

    def test_what_is_not_shown_is_counted(self, make_findings, draw_slice):
        (sheet,) = draw_sheets(make_findings([0] * 50), draw_slice).groups
        assert len(sheet.tiles) + sheet.left_out == 50
        assert sheet.left_out > 0

    def test_the_largest_groups_come_first(self, make_findings, draw_slice):
        findings = make_findings([0, 0, 1, 1, 1, 2])
        titles = [sheet.title for sheet in draw_sheets(findings, draw_slice).groups]
        assert titles == ["3 slices of one picture", "2 slices of one picture"]

    def test_a_pair_is_a_slice_of_each_folder_and_each_group_appears_once(
        self, two_folders, draw_slice
    ):
        ((first, second),) = draw_sheets(two_folders, draw_slice).pairs
        assert (first.folder, second.folder) == ("a", "b")

    def test_a_conflict_shows_every_label(self, make_findings, draw_slice):
        labels = ["no"] * 20 + ["yes"]
        (sheet,) = draw_sheets(make_findings([0] * 21, labels=labels), draw_slice).conflicts
        assert {tile.note for tile in sheet.tiles} == {"no", "yes"}
        assert sheet.left_out == 21 - len(sheet.tiles)

    def test_a_conflict_shows_only_slices_that_have_a_label(self, make_findings, draw_slice):
        findings = make_findings([0] * 3, labels=["", "no", "yes"])
        (sheet,) = draw_sheets(findings, draw_slice).conflicts
        assert [tile.note for tile in sheet.tiles] == ["no", "yes"]
        assert sheet.left_out == 1

    def test_a_tile_keeps_the_aspect_and_is_small(self, make_findings, draw_slice):
        (sheet,) = draw_sheets(make_findings([0, 0]), draw_slice).groups
        data = base64.b64decode(sheet.tiles[0].image.split(",")[1])
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (72, 144, 3)
        assert len(data) < 6000

    def test_only_what_is_shown_is_read(self, make_findings, draw_slice):
        read = []

        def remember(row):
            read.append(row)
            return draw_slice(row)

        draw_sheets(make_findings([0, 0, 1, 2], outliers={3: "odd"}), remember)
        assert sorted(read) == [0, 1, 3]
