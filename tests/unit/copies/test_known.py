import cv2
import numpy as np
import pytest
from PIL import Image

from tumorscope.copies.codes import CODE_BYTES, compute_codes
from tumorscope.copies.known import compute_file_codes, find_known
from tumorscope.copies.thumbnails import FRAMES, take_thumbnail
from tumorscope.errors import InputError


def code(image):
    return compute_codes(take_thumbnail(image))


class TestFindKnown:
    def test_finds_copies_and_only_them(self, pictures):
        known = np.stack([code(picture) for picture in pictures[:6]])
        changed = [np.rot90(cv2.resize(picture, (150, 180)), 3) for picture in pictures]
        codes = np.stack([code(np.ascontiguousarray(image)) for image in changed])
        assert find_known(codes, known).tolist() == [True] * 6 + [False] * 6

    def test_nothing_is_known_to_a_model_without_codes(self, pictures):
        codes = np.stack([code(picture) for picture in pictures])
        none = np.zeros((0, len(FRAMES), CODE_BYTES), np.uint8)
        assert not find_known(codes, none).any()
        assert find_known(none, codes).shape == (0,)


class TestReadCodes:
    def test_are_those_of_the_files_in_their_order(self, pictures, tmp_path):
        paths = [str(tmp_path / f"{row}.png") for row in range(3)]
        for path, picture in zip(paths, pictures, strict=False):
            Image.fromarray(picture).save(path)
        seen = []
        codes = compute_file_codes(paths, "reading", lambda *report: seen.append(report))
        np.testing.assert_array_equal(codes, [code(picture) for picture in pictures[:3]])
        assert seen == [("reading", done, 3) for done in (1, 2, 3)]

    def test_unreadable_file_is_an_input_error(self, tmp_path):
        with pytest.raises(InputError, match=r"gone\.png"):
            compute_file_codes([str(tmp_path / "gone.png")], "reading")
