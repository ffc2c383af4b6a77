import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn

from tumorscope.copies.codes import (
    CODE_BYTES,
    ORIENTATIONS,
    compute_codes,
    describe_orientation,
    keep_indexed,
    orient,
    orient_codes,
)
from tumorscope.copies.thumbnails import FRAMES, INDEXED_FRAMES, cut_frames, take_thumbnail


def count_differing_bits(first, second):
    return np.unpackbits(first ^ second, axis=-1).sum(axis=-1)


class TestComputeCodes:
    @pytest.mark.slow
    def test_code_of_each_frame_has_the_signs_of_its_lowest_frequencies(self, pictures):
        thumbnail = take_thumbnail(pictures[0])
        codes = compute_codes(thumbnail)
        halved = cut_frames(thumbnail).reshape(len(FRAMES), 32, 2, 32, 2).mean(axis=(2, 4))
        signs = dctn(halved, axes=(1, 2))[:, :16, :16] > 0
        signs[:, 0, 0] = False  # the mean is no part of the pattern
        expected = np.packbits(signs.reshape(len(FRAMES), -1), axis=-1)
        # But for the few coefficients that are nearly zero.
        assert count_differing_bits(codes, expected).max() <= 3
        np.testing.assert_array_equal(keep_indexed(codes[np.newaxis])[0], codes[:INDEXED_FRAMES])

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
        codes = np.random.default_rng(0).integers(0, 256, (3, 5, CODE_BYTES), np.uint8)
        alone = [[orient_codes(code) for code in row] for row in codes]
        np.testing.assert_array_equal(orient_codes(codes), alone)


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
