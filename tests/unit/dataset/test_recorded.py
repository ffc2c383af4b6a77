import hashlib
import os
from pathlib import Path

import pandas as pd
import pytest

from tumorscope.dataset.recorded import check_unchanged, record_masks
from tumorscope.errors import InputError


@pytest.fixture
def manifest(tmp_path) -> pd.DataFrame:
    """Six slices, four of which have masks; two share one."""
    rows = []
    for number in range(6):
        path = tmp_path / f"slice {number}.png"
        path.write_bytes(b"slice%d" % number)
        mask = tmp_path / f"mask {min(number, 2)}.png"
        mask.write_bytes(b"mask")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(
            {"path": str(path), "sha256": sha256, "mask": str(mask) if number < 4 else None}
        )
    return pd.DataFrame(rows)


def test_what_is_as_it_was_passes(manifest):
    check_unchanged(manifest)
    check_unchanged(record_masks(manifest))
    check_unchanged(manifest.iloc[:0])


def test_masks_are_recorded_by_their_own_bytes(manifest):
    recorded = record_masks(manifest)["mask_sha256"]
    assert recorded[:4].eq(hashlib.sha256(b"mask").hexdigest()).all()
    assert recorded[4:].isna().all()


def test_exchanged_slices_are_found_though_sizes_and_times_are_the_same(manifest, tmp_path):
    one, other = (tmp_path / f"slice {number}.png" for number in (1, 4))
    for path in (one, other):
        os.utime(path, ns=(0, 0))
    one.rename(tmp_path / "x")
    other.rename(one)
    (tmp_path / "x").rename(other)
    with pytest.raises(InputError, match=rf"^{one}, {other}: changed .* put back what was there"):
        check_unchanged(manifest)
    check_unchanged(manifest.drop([1, 4]))


def test_a_mask_that_changed_is_named(manifest, tmp_path):
    recorded = record_masks(manifest)
    (tmp_path / "mask 2.png").write_bytes(b"MASK")
    with pytest.raises(InputError, match=r"mask 2\.png: changed"):
        check_unchanged(recorded)
    check_unchanged(manifest)  # as of an earlier version, which recorded no masks


def test_many_are_counted_and_what_is_gone_is_told_apart(manifest, tmp_path):
    for number in range(5):
        (tmp_path / f"slice {number}.png").write_bytes(b"other")
    (tmp_path / "slice 5.png").unlink()
    with pytest.raises(InputError) as caught:
        check_unchanged(manifest)
    gone, changed = str(caught.value).split("; ")[:2]
    assert gone == f"{tmp_path / 'slice 5.png'}: gone since the run was started"
    assert "slice 2.png and 2 more: changed (another SHA-256)" in changed


def test_a_mask_that_cannot_be_recorded_is_an_error(manifest):
    Path(manifest["mask"][0]).unlink()
    with pytest.raises(InputError, match=r"mask 0\.png: cannot be read"):
        record_masks(manifest)
