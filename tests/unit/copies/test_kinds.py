import cv2
import numpy as np
import pytest

from tumorscope.copies.codes import compute_codes, orient
from tumorscope.copies.kinds import describe_copy, match_pictures, take_picture
from tumorscope.copies.thumbnails import take_thumbnail


def take(image):
    thumbnail = take_thumbnail(image)
    return take_picture(thumbnail, compute_codes(thumbnail), (image.shape[1], image.shape[0]))


def describe(copy, original):
    copy, original = take(copy), take(original)
    match = match_pictures(copy, original)
    return match and describe_copy(copy, original, match)


def recompress(image):
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1)


def rescale(image, factor=0.6):
    return cv2.resize(image, None, fx=factor, fy=0.9 * factor, interpolation=cv2.INTER_AREA)


def crop(image, share):
    cut = round(share * min(image.shape[:2]))
    return image[cut:-cut, cut:-cut]


def brighten(image):
    return np.clip(image * 1.3 + 15, 0, 255).astype(np.uint8)


def sharpen(image):
    blurred = cv2.GaussianBlur(image, (0, 0), 2.5).astype(float)
    return np.clip(image + 3 * (image - blurred), 0, 255).astype(np.uint8)


ALONE = {
    "recompressed": recompress,
    "rescaled": rescale,
    "cropped": lambda image: crop(image, 0.03),
    "cropped+rescaled": lambda image: rescale(crop(image, 0.03)),
    "intensity": brighten,
    "flipped": lambda image: image[:, ::-1],
    "turned": lambda image: np.rot90(image, 1),
    "flipped+cropped+rescaled+intensity": lambda image: rescale(crop(brighten(image[::-1]), 0.03)),
    "turned+intensity": lambda image: brighten(np.rot90(image, 2)),
}


class TestDescribeCopy:
    @pytest.mark.parametrize("kind", ALONE)
    def test_names_what_was_done_and_nothing_else(self, pictures, kind):
        for picture in pictures:
            assert describe(np.ascontiguousarray(ALONE[kind](picture)), picture) == kind

    def test_gamma_and_sharpening_count_as_intensity(self, pictures):
        gamma = [(255 * (picture / 255) ** 0.7).astype(np.uint8) for picture in pictures]
        changed = [*gamma, *map(sharpen, pictures)]
        kinds = [describe(*pair) for pair in zip(changed, [*pictures, *pictures], strict=True)]
        assert kinds.count("intensity") >= 22

    @pytest.mark.parametrize("orientation", range(1, 8))
    def test_an_odd_number_of_mirrors_is_a_flip(self, pictures, orientation):
        picture = cv2.resize(pictures[2], (180, 180))
        turned = np.stack([orient(channel, orientation) for channel in cv2.split(picture)], axis=-1)
        expected = "flipped" if orientation in (1, 2, 4, 7) else "turned"
        assert describe(turned, picture) == expected

    def test_a_side_that_a_cut_explains_is_not_called_rescaled(self, pictures):
        picture = pictures[0]
        assert describe(picture[6:, 4:-3], picture) == "cropped"
        enlarged = cv2.resize(picture[6:, 4:-3], None, fx=1.3, fy=1.3)
        assert describe(enlarged, picture) == "cropped+rescaled"

    def test_a_quarter_turn_alone_does_not_rescale(self, pictures):
        narrow = np.ascontiguousarray(pictures[1][:, 8:-8])
        assert describe(np.rot90(narrow), narrow) == "turned"

    def test_the_picture_with_the_deeper_frame_may_be_either(self, pictures):
        """A cut is found whether the member or the original is the one that was cut."""
        cut = crop(pictures[3], 0.03)
        assert describe(cut, pictures[3]) == "cropped"
        assert "cropped" in describe(pictures[3], cut)


class TestMatchPictures:
    @pytest.mark.slow
    def test_different_slices_do_not_match(self, pictures):
        taken = [take(picture) for picture in pictures]
        assert not any(
            match_pictures(taken[first], taken[second])
            for first in range(len(taken))
            for second in range(first)
        )

    def test_a_copy_matches_closely(self, pictures):
        match = match_pictures(take(recompress(pictures[0])), take(pictures[0]))
        assert match.correlation > 0.98
        assert match.orientation == 0
