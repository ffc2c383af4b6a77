import numpy as np
import pytest
from PIL import Image

from tumorscope.copies.digests import compute_digest, compute_file_digests
from tumorscope.scans.images import decode_slice, read_slice


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (300, 200), np.uint8)


def test_equal_pixels_have_the_same_digest_and_others_another(noise):
    changed = noise.copy()
    changed[0, 0] ^= 1
    assert compute_digest(noise) == compute_digest(np.asfortranarray(noise))
    assert len({compute_digest(part) for part in (noise, changed, noise.T, noise[:, ::-1])}) == 4


def test_files_are_recorded_as_they_are_read_in_full_and_reduced(noise, tmp_path):
    large = noise.repeat(4, 0).repeat(4, 1)
    paths = [str(tmp_path / name) for name in ("small.png", "large.jpg")]
    for path, image in zip(paths, (noise, large), strict=True):
        Image.fromarray(image).save(path)
    digests = set(map(bytes, compute_file_digests(paths, 320)))
    assert len(digests) == 3  # the small one is read the same in both ways
    for path in map(type(tmp_path), paths):
        for image in (read_slice(path), decode_slice(path.read_bytes(), "a", 320)):
            assert compute_digest(image[..., 0]) in digests


def test_of_no_files_there_are_none():
    assert compute_file_digests([], 320).shape == (0, 8)
