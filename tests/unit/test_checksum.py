import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.checksum import compute_fingerprint, compute_sha256


def test_file_has_its_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert compute_sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()


@pytest.mark.slow
@given(st.lists(st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1), st.randoms())
def test_order_does_not_change_a_fingerprint_but_content_does(sums, random):
    shuffled = sums.copy()
    random.shuffle(shuffled)
    assert compute_fingerprint(iter(shuffled)) == compute_fingerprint(sums)
    assert compute_fingerprint([*sums, sums[0]]) != compute_fingerprint(sums)
