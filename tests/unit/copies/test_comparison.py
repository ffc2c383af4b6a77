import cv2
import numpy as np
import pytest

from tumorscope.copies.codes import ORIENTATIONS, orient
from tumorscope.copies.comparison import LEAST_CORRELATION, compare_frames
from tumorscope.copies.thumbnails import cut_frames, take_thumbnail


def compare_whole(first, second, orientation=0):
    frames = [cut_frames(take_thumbnail(image))[0] for image in (first, second)]
    return compare_frames(*frames, orientation)


def sharpen(image):
    blurred = cv2.GaussianBlur(image, (0, 0), 2).astype(float)
    return np.clip(image + 1.5 * (image - blurred), 0, 255).astype(np.uint8)


CHANGES = {
    "rescaled": lambda image: cv2.resize(image, (150, 90), interpolation=cv2.INTER_AREA),
    "recompressed": lambda image: cv2.imdecode(
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 25])[1], cv2.IMREAD_COLOR
    ),
    "brightened": lambda image: np.clip(image * 1.4 + 20, 0, 255).astype(np.uint8),
    "gamma": lambda image: (255 * (image / 255) ** 0.6).astype(np.uint8),
    "sharpened": sharpen,
    "cropped": lambda image: image[6:-3, 2:-8],
}


class TestCompareFrames:
    @pytest.mark.parametrize("change", CHANGES)
    def test_recognizes_a_copy(self, pictures, change):
        for picture in pictures:
            assert compare_whole(picture, CHANGES[change](picture)).is_copy

    @pytest.mark.slow
    def test_different_slices_are_no_copies(self, pictures):
        results = [
            compare_whole(pictures[first], pictures[second], orientation)
            for first in range(len(pictures))
            for second in range(first)
            for orientation in (0, 1)
        ]
        assert max(result.correlation for result in results) < LEAST_CORRELATION

    @pytest.mark.parametrize("orientation", range(ORIENTATIONS))
    def test_the_first_is_compared_in_its_orientation(self, pictures, orientation):
        frame = cut_frames(take_thumbnail(pictures[5]))[0]
        assert compare_frames(frame, orient(frame, orientation), orientation).correlation > 0.99
        other = (orientation + 1) % ORIENTATIONS
        assert not compare_frames(frame, orient(frame, orientation), other).is_copy

    def test_a_lesion_put_into_a_copy_still_leaves_a_copy(self, pictures):
        """It is one person's scan; a label on the lesion alone would be read off the copy."""
        changed = pictures[0].copy()
        height, width = changed.shape[:2]
        cv2.circle(changed, (width // 2, height // 2), width // 14, (255, 255, 255), -1)
        assert compare_whole(pictures[0], changed).is_copy

    def test_too_little_pattern_is_not_compared(self):
        blobs = np.zeros((2, 64, 64), np.uint8)
        cv2.circle(blobs[0], (40, 30), 6, 255, -1)
        cv2.circle(blobs[1], (41, 30), 6, 255, -1)
        result = compare_frames(*blobs, 0)
        assert result.correlation > 0.8
        assert not result.is_copy

    def test_uniform_and_random_frames_do_no_harm(self):
        uniform = np.full((64, 64), 9, np.uint8)
        noise = np.random.default_rng(0).integers(0, 256, (2, 64, 64), dtype=np.uint8)
        assert not compare_frames(uniform, uniform, 0).is_copy
        assert not compare_frames(uniform, noise[0], 0).is_copy
        assert not compare_frames(noise[0], noise[1], 3).is_copy

    def test_a_slice_turned_by_ten_degrees_is_not_taken_for_a_copy(self, pictures):
        """A stated limit: other angles than right ones are what tells similar heads apart."""
        height, width = pictures[1].shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 10, 1)
        assert not compare_whole(
            pictures[1], cv2.warpAffine(pictures[1], turn, (width, height))
        ).is_copy
