import cv2
import numpy as np

from tumorscope.copies.codes import compute_codes
from tumorscope.copies.groups import Link
from tumorscope.copies.members import Membership, classify_members
from tumorscope.copies.thumbnails import take_thumbnail


def classify(images, groups, links, checksums=None, on_progress=None):
    thumbnails = [take_thumbnail(image) for image in images]
    return classify_members(
        thumbnails,
        np.stack([compute_codes(thumbnail) for thumbnail in thumbnails]),
        np.array([image.shape[1::-1] for image in images], dtype=np.int64),
        checksums or [str(row) for row in range(len(images))],
        np.array(groups),
        [Link(*link) for link in links],
        on_progress,
    )


class TestClassifyMembers:
    def test_the_largest_slice_is_the_original(self, pictures):
        large = cv2.resize(pictures[0], None, fx=2, fy=2)
        members = classify([pictures[0], large, pictures[1]], [0, 0, 1], [(0, 1, 0.99)])
        assert [member.representative for member in members] == [1, 1, 2]
        assert [member.kind for member in members] == ["rescaled", "original", "original"]
        assert members[0].through == 1
        assert members[0].correlation > 0.95
        assert members[1] == Membership(1, "original", 1, 1.0)

    def test_the_first_of_equally_large_slices_is_the_original(self, pictures):
        flipped = np.ascontiguousarray(pictures[0][:, ::-1])
        members = classify([flipped, pictures[0]], [0, 0], [(0, 1, 0.99)])
        assert [member.kind for member in members] == ["original", "flipped"]

    def test_equal_bytes_have_equal_kinds(self, pictures):
        flipped = np.ascontiguousarray(pictures[0][::-1])
        members = classify(
            [pictures[0], pictures[0], flipped, flipped],
            [0, 0, 0, 0],
            [(0, 2, 0.99)],
            checksums=["a", "a", "b", "b"],
        )
        assert [member.kind for member in members] == ["original", "exact", "flipped", "flipped"]
        assert members[1].correlation == 1
        assert members[2] == members[3]

    def test_a_slice_that_matches_another_copy_only_is_linked_through_it(self, pictures):
        """The chain is original - copy - stranger - its twin, as the links say it was found."""
        original = cv2.resize(pictures[0], None, fx=2, fy=2)
        members = classify(
            [pictures[1], pictures[0], original, pictures[1][:, ::-1], pictures[1]],
            [0] * 5,
            [(1, 2, 0.98), (0, 1, 0.87), (3, 0, 0.95)],
            checksums=["x", "b", "c", "d", "x"],
        )
        assert [member.kind for member in members] == [
            "linked",
            "rescaled",
            "original",
            "linked",
            "linked",
        ]
        assert members[0] == members[4] == Membership(2, "linked", 1, 0.87)
        assert members[3] == Membership(2, "linked", 0, 0.95)

    def test_progress_counts_the_slices_that_are_compared(self, pictures):
        seen = []
        images = [pictures[0], pictures[1], np.ascontiguousarray(pictures[0][::-1])]
        classify(images, [0, 1, 0], [(0, 2, 0.9)], on_progress=lambda *done: seen.append(done))
        assert seen == [(1, 1)]
