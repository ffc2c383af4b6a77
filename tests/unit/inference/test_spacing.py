import pytest

from tumorscope.inference.spacing import find_spacing


def find(*positions_mm, indices=None):
    return find_spacing(indices or range(len(positions_mm)), positions_mm)


class TestNeighbours:
    @pytest.mark.parametrize("step", [0.5, 5.0, -5.0, 10.0])
    def test_even_slices_are_all_neighbours(self, step):
        assert find(*(step * n for n in range(9))) == ([*range(9)], None)

    def test_uneven_but_near_ones_are_neighbours(self):
        assert find(0, 5, 10.2, 14.9, 21, 26) == ([*range(6)], None)

    def test_what_is_missing_ends_a_run(self):
        assert find(0, 5, 10, 20, 25).places == [0, 1, 2, 4, 5]
        assert find(0, 1, 2, 3, 9, 10).places == [0, 1, 2, 3, 9, 10]

    def test_far_ones_are_no_neighbours(self):
        places, note = find(0, 40, 80)
        assert places == [0, 4, 8]
        assert note == "its slices lie 40 mm apart, too far to vote together"

    def test_unreadable_slice_is_a_hole_and_not_missing(self):
        assert find(0, 5, 15, 20, indices=[0, 1, 3, 4]) == ([0, 1, 3, 4], None)

    @pytest.mark.parametrize("positions", [(0, None, 90), (None, None), (7,), (3, 3, 3)])
    def test_without_positions_the_order_counts(self, positions):
        assert find(*positions) == ([*range(len(positions))], None)


class TestNote:
    def test_one_gap(self):
        assert find(0, 5, 10, 20, 25).note == "1 slice is missing after slice 2"

    def test_several_gaps(self):
        # Pairs, 40 mm from one to the next: seven slices lacking between two of them.
        positions = (0, 5, 40, 45, 80, 85)
        assert find(*positions).note == "12 slices are missing in 2 places, the first after slice 1"

    def test_gap_beside_an_unreadable_slice(self):
        # 5 mm: positions 10 (unreadable), 15 and 20 lie between.
        found = find(0, 5, 25, 30, indices=[0, 1, 3, 4])
        assert found.note == "2 slices are missing after slice 1"
