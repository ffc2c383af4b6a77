import numpy as np
import pytest

from tumorscope.copies import nearest, search
from tumorscope.copies.codes import CODE_BYTES, keep_indexed, orient_codes
from tumorscope.copies.search import MAXIMUM_DISTANCE, CodeIndex
from tumorscope.copies.thumbnails import FRAMES


def draw_codes(count, seed=0):
    return np.random.default_rng(seed).integers(
        0, 256, (count, len(FRAMES), CODE_BYTES), dtype=np.uint8
    )


def flip_bits(code, count, seed=0):
    bits = np.unpackbits(code)
    places = np.random.default_rng(seed).choice(np.arange(1, 256), count, replace=False)
    bits[places] ^= 1
    return np.packbits(bits)


class TestCodeIndex:
    def test_finds_a_changed_and_turned_copy_and_says_how(self):
        codes = draw_codes(50)
        codes[..., 0] &= 0x7F  # the bit of the mean is always 0
        changed = flip_bits(codes[7, 1], 20)
        sought = draw_codes(1, seed=1)
        sought[0, 3] = orient_codes(changed)[2]  # rows reversed; reversing again undoes it
        found = CodeIndex(keep_indexed(codes)).search(sought)
        assert [field.tolist() for field in found] == [[0], [7], [3], [2], [1], [20]]

    def test_nothing_farther_than_the_limit_is_found(self):
        codes = draw_codes(30)
        sought = draw_codes(1, seed=1)
        codes[..., 0] &= 0x7F
        sought[0, 0] = flip_bits(codes[3, 0], MAXIMUM_DISTANCE + 1)
        assert len(CodeIndex(keep_indexed(codes)).search(sought).first) == 0
        sought[0, 0] = flip_bits(codes[3, 0], MAXIMUM_DISTANCE)
        assert CodeIndex(keep_indexed(codes)).search(sought).second.tolist() == [3]

    def test_a_slice_is_found_once_and_the_nearest_come_first(self):
        codes = draw_codes(20)
        codes[:8] = codes[0]
        found = CodeIndex(keep_indexed(codes)).search(codes[:1])
        assert len(set(found.second.tolist())) == len(found.second)
        assert found.distance.tolist() == sorted(found.distance)
        assert set(found.orientation.tolist()) == {0}

    def test_blocks_do_not_change_the_result(self, monkeypatch):
        codes = draw_codes(40)
        codes[20:] = codes[:20]
        whole = CodeIndex(keep_indexed(codes)).search(codes)
        monkeypatch.setattr(search, "_QUERIES_PER_BLOCK", 300)
        seen = []
        index = CodeIndex(keep_indexed(codes))
        in_blocks = index.search(codes, lambda done, total: seen.append((done, total)))
        for field, same_field in zip(whole, in_blocks, strict=True):
            np.testing.assert_array_equal(field, same_field)
        assert seen[-1] == (40, 40)
        assert len(seen) > 3

    @pytest.mark.slow
    @pytest.mark.parametrize("changed_bits", [10, 40])
    def test_a_large_index_finds_what_comparing_all_would(self, monkeypatch, changed_bits):
        codes = draw_codes(3000)
        sought = codes[:200].copy()
        for row in range(len(sought)):
            sought[row, 0] = flip_bits(codes[row, 0], changed_bits, seed=row)
            sought[row, 1:] = draw_codes(1, seed=row + 1)[0, 1:]
        monkeypatch.setattr(nearest, "_LARGEST_FLAT_INDEX", 1000)
        found = CodeIndex(keep_indexed(codes)).search(sought)
        right = (found.first == found.second).sum()
        assert right >= 0.9 * len(sought)
