import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorscope.copies.codes import compute_codes, orient
from tumorscope.copies.groups import DisjointSets, join_copies
from tumorscope.copies.thumbnails import take_thumbnail


def join(thumbnails):
    sets = DisjointSets(len(thumbnails))
    links = join_copies(sets, thumbnails, np.stack([compute_codes(each) for each in thumbnails]))
    return sets.number(), links


class TestDisjointSets:
    @settings(max_examples=80, deadline=None)
    @given(
        st.lists(
            st.tuples(st.integers(0, 8), st.one_of(st.none(), st.integers(0, 5))),
            min_size=1,
            max_size=14,
        )
    )
    def test_numbers_are_the_connected_components(self, pairs):
        sets = DisjointSets(len(pairs))
        for keys in zip(*pairs, strict=True):
            sets.join_equal(keys)
        numbers = sets.number()
        assert list(dict.fromkeys(numbers.tolist())) == list(range(numbers.max() + 1))
        components = [{row} for row in range(len(pairs))]
        for first in range(len(pairs)):
            for second in range(first):
                same_second = pairs[first][1] is not None and pairs[first][1] == pairs[second][1]
                if pairs[first][0] == pairs[second][0] or same_second:
                    joined = components[first] | components[second]
                    for row in joined:
                        components[row] = joined
        for first in range(len(pairs)):
            for second in range(first):
                is_joined = second in components[first]
                assert (numbers[first] == numbers[second]) == is_joined

    def test_join_says_whether_anything_changed(self):
        sets = DisjointSets(3)
        assert sets.join(2, 0)
        assert not sets.join(0, 2)
        assert sets.find(2) == 0

    def test_many_rows_of_one_key_take_no_quadratic_time(self):
        import time

        sets = DisjointSets(20_000)
        start = time.perf_counter()
        sets.join_equal(["one"] * 20_000)
        assert sets.number().max() == 0
        assert time.perf_counter() - start < 1


class TestJoinCopies:
    def test_copies_join_and_different_slices_stay_apart(self, pictures):
        originals = [take_thumbnail(picture) for picture in pictures]
        copies = [
            take_thumbnail(cv2.resize(picture[3:-2, 2:-4], (140, 170))) for picture in pictures
        ]
        turned = [orient(thumbnail, 1 + row % 7) for row, thumbnail in enumerate(copies)]
        groups, links = join([*originals, *turned])
        count = len(pictures)
        assert groups.tolist() == [*range(count), *range(count)]
        assert len(links) == count
        assert min(link.correlation for link in links) > 0.86

    @pytest.mark.slow
    def test_large_groups_that_hide_each_other_still_join(self, pictures):
        """Each has more members than an index gives neighbours."""
        plain, other = pictures[0], pictures[1]
        sharp = np.clip(
            plain + 2.0 * (plain - cv2.GaussianBlur(plain, (0, 0), 1.5).astype(float)), 0, 255
        ).astype(np.uint8)
        generator = np.random.default_rng(0)
        thumbnails = [
            np.clip(take_thumbnail(picture) + generator.normal(0, 1, (96, 96)), 0, 255).astype(
                np.uint8
            )
            for picture in [plain] * 25 + [sharp] * 25 + [other] * 25
        ]
        groups, links = join(thumbnails)
        assert groups.tolist() == [0] * 50 + [1] * 25
        assert len(links) == 73

    def test_links_connect_every_group_without_a_circle(self, pictures):
        thumbnails = [take_thumbnail(pictures[row % 4]) for row in range(12)]
        groups, links = join(thumbnails)
        sets = DisjointSets(12)
        assert all(sets.join(link.first, link.second) for link in links)
        np.testing.assert_array_equal(sets.number(), groups)

    def test_rows_joined_before_stay_joined(self, pictures):
        thumbnails = [take_thumbnail(picture) for picture in pictures[:3]]
        sets = DisjointSets(3)
        sets.join(0, 2)
        join_copies(sets, thumbnails, np.stack([compute_codes(each) for each in thumbnails]))
        assert sets.number().tolist() == [0, 1, 0]

    def test_one_slice_is_one_group(self, pictures):
        assert join([take_thumbnail(pictures[0])])[0].tolist() == [0]
