import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorscope.copies.codes import (
    CODE_BYTES,
    ORIENTATIONS,
    compute_codes,
    describe_orientation,
    keep_indexed,
    orient,
    orient_codes,
)
from tumorscope.copies.thumbnails import FRAMES, INDEXED_FRAMES, take_thumbnail


def count_differing_bits(first, second):
    return np.unpackbits(first ^ second, axis=-1).sum(axis=-1)


class TestComputeCodes:
    @pytest.mark.slow
    def test_one_code_per_frame(self, pictures):
        codes = compute_codes(take_thumbnail(pictures[0]))
        assert codes.shape == (len(FRAMES), CODE_BYTES)
        assert codes.dtype == np.uint8
        assert keep_indexed(codes[np.newaxis]).shape == (1, INDEXED_FRAMES, CODE_BYTES)

    def test_survives_noise_and_brightness_but_tells_slices_apart(self, pictures):
        generator = np.random.default_rng(0)
        codes = [compute_codes(take_thumbnail(picture))[0] for picture in pictures]
        for picture, code in zip(pictures, codes, strict=True):
            noisy = picture * 0.7 + 20 + generator.normal(0, 6, picture.shape)
            changed = compute_codes(take_thumbnail(noisy.clip(0, 255).astype(np.uint8)))[0]
            assert count_differing_bits(code, changed) < 24
        apart = [
            count_differing_bits(codes[first], codes[second])
            for first in range(len(codes))
            for second in range(first)
        ]
        assert min(apart) > 32


class TestOrientCodes:
    @pytest.mark.parametrize("orientation", range(ORIENTATIONS))
    def test_is_the_code_of_the_oriented_picture(self, pictures, orientation):
        """But for the few coefficients that are nearly zero."""
        thumbnail = take_thumbnail(pictures[4])
        expected = compute_codes(orient(thumbnail, orientation))[0]
        assert (
            count_differing_bits(orient_codes(compute_codes(thumbnail)[0])[orientation], expected)
            <= 3
        )

    @settings(max_examples=50, deadline=None)
    @given(st.binary(min_size=2 * CODE_BYTES, max_size=2 * CODE_BYTES))
    def test_keeps_the_distance_of_two_codes(self, data):
        first, second = np.frombuffer(data, np.uint8).reshape(2, CODE_BYTES) & 0x7F
        distances = count_differing_bits(orient_codes(first), orient_codes(second))
        assert set(distances.tolist()) == {count_differing_bits(first, second)}

    def test_takes_any_leading_shape(self):
        codes = np.zeros((3, 5, CODE_BYTES), np.uint8)
        assert orient_codes(codes).shape == (3, 5, ORIENTATIONS, CODE_BYTES)


class TestOrient:
    def test_the_eight_orientations_differ(self):
        picture = np.arange(9).reshape(3, 3)
        assert len({orient(picture, number).tobytes() for number in range(ORIENTATIONS)}) == 8

    def test_words_tell_mirrored_from_turned(self):
        picture = np.arange(9).reshape(3, 3)
        turns = {np.rot90(picture, times).tobytes() for times in range(1, 4)}
        for number in range(1, ORIENTATIONS):
            is_turn = orient(picture, number).tobytes() in turns
            assert describe_orientation(number) == ("turned" if is_turn else "flipped")
        assert describe_orientation(0) is None
