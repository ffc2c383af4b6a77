from pathlib import Path

import pandas as pd
import pytest

from tumorscope.dataset.folds import read_folds, write_folds
from tumorscope.dataset.left_out import NEVER, assign_left_out
from tumorscope.errors import InputError


@pytest.fixture
def manifest() -> pd.DataFrame:
    """Two hospitals with both labels, and slices of neither."""
    sites = ["B"] * 4 + ["A"] * 4 + [None] * 4
    return pd.DataFrame(
        {
            "path": [f"/data/{n}.png" for n in range(12)],
            "label": [0, 1] * 6,
            "label_name": ["no", "yes"] * 6,
            "sha256": [f"{n:064d}" for n in range(12)],
            "group": range(12),
            "site": sites,
        },
        index=range(20, 32),
    )


def test_each_value_is_a_fold_and_slices_without_one_are_in_none(manifest):
    folds = assign_left_out(manifest, "site")
    assert folds.index.equals(manifest.index)
    assert folds["fold"].tolist() == [1] * 4 + [0] * 4 + [NEVER] * 4
    assert folds["left_out"].tolist()[:8] == ["B"] * 4 + ["A"] * 4
    assert folds["left_out"][8:].isna().all()


def test_they_are_written_and_read_back(manifest, tmp_path):
    folds = assign_left_out(manifest, "site")
    root = Path("/data")
    write_folds(tmp_path / "folds.csv", folds, manifest, root)
    again = read_folds(tmp_path / "folds.csv", manifest, root, grouped=True)
    pd.testing.assert_frame_equal(again, folds, check_dtype=False)


def test_groups_may_cross_what_is_left_out_as_long_as_both_classes_remain(manifest):
    crossing = manifest.assign(group=[0, 1, 2, 3, 0, 1, 2, 3, 8, 9, 10, 11])
    assert assign_left_out(crossing, "site")["fold"].nunique() == 3
    touched = crossing.assign(group=[0, 1, 2, 3, 0, 1, 2, 3, 8, 1, 10, 3])
    with pytest.raises(InputError, match="without site 'A' no slice with a tumor is left"):
        assign_left_out(touched, "site")


def test_a_column_that_is_not_there_or_has_one_value_is_refused(manifest):
    with pytest.raises(InputError, match=r"no column 'sit' .* \(did you mean 'site'"):
        assign_left_out(manifest, "sit")
    with pytest.raises(InputError, match=r"'site' has 1 value\(s\)"):
        assign_left_out(manifest[:4], "site")
