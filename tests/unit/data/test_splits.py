import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tumorscope.data.splits import TRAIN, VALIDATION, assign_split
from tumorscope.errors import InputError
from tumorscope.recipe import DataSettings

KINDS = ("random", "grouped")


def make_manifest(labels: list[int], groups: list[int] | None = None) -> pd.DataFrame:
    return pd.DataFrame({"label": labels, "group": groups or list(range(len(labels)))})


def make_settings(split: str = "grouped", fraction: float = 0.2) -> DataSettings:
    return DataSettings(split=split, validation_fraction=fraction)


def split_or_refuse(
    manifest: pd.DataFrame, settings_: DataSettings, seed: int
) -> pd.DataFrame | None:
    """Give the split, or None where the slices are too few."""
    try:
        return assign_split(manifest, settings_, seed)
    except InputError as error:
        message = str(error)
    assert message.startswith("too few slices to divide")
    return None


@pytest.mark.parametrize("kind", KINDS)
class TestBothKinds:
    def test_is_stratified_at_the_given_fraction(self, kind):
        split = assign_split(make_manifest([0] * 40 + [1] * 60), make_settings(kind), seed=0)
        counts = split.groupby(["split", "label"]).size()
        assert counts.to_dict() == {
            (TRAIN, 0): 32, (TRAIN, 1): 48, (VALIDATION, 0): 8, (VALIDATION, 1): 12
        }  # fmt: skip

    def test_same_seed_gives_the_same_split_and_another_seed_another(self, kind):
        manifest = make_manifest([0, 1] * 30)
        first, again, other = (
            assign_split(manifest, make_settings(kind), seed)["split"].tolist()
            for seed in (0, 0, 1)
        )
        assert first == again
        assert first != other

    def test_leaves_manifest_unchanged_and_keeps_its_order(self, kind):
        manifest = make_manifest([0, 1] * 10)
        before = manifest.copy()
        split = assign_split(manifest, make_settings(kind), 0)
        pd.testing.assert_frame_equal(manifest, before)
        pd.testing.assert_frame_equal(split.drop(columns="split"), before)

    def test_rows_with_any_index_are_divided(self, kind):
        manifest = make_manifest([0, 1] * 10)
        expected = assign_split(manifest, make_settings(kind), 0)["split"].tolist()
        shifted = manifest.set_index(np.arange(100, 120))
        assert assign_split(shifted, make_settings(kind), 0)["split"].tolist() == expected

    @pytest.mark.parametrize("labels", [[0, 1], [0, 1, 1], [0, 0, 0, 1], [0, 1] * 2])
    def test_too_few_slices_are_refused_with_their_number(self, kind, labels):
        message = (
            rf"too few slices to divide: {sum(labels)} with and {labels.count(0)} without a tumor.*"
            "data.validation_fraction"
        )
        with pytest.raises(InputError, match=message):
            assign_split(make_manifest(labels), make_settings(kind), 0)

    @pytest.mark.parametrize("fraction", [0.001, 0.999])
    def test_fraction_that_empties_a_part_is_refused(self, kind, fraction):
        with pytest.raises(InputError, match="too few slices"):
            assign_split(make_manifest([0, 1] * 10), make_settings(kind, fraction), 0)


class TestGrouped:
    @settings(max_examples=80, deadline=None)
    @given(
        rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 15)), min_size=4, max_size=60),
        fraction=st.floats(0.05, 0.6),
        seed=st.integers(0, 2**31 - 1),
    )
    def test_no_group_crosses_and_both_parts_hold_both_classes(self, rows, fraction, seed):
        manifest = make_manifest([label for label, _ in rows], [group for _, group in rows])
        split = split_or_refuse(manifest, make_settings(fraction=fraction), seed)
        assume(split is not None)
        assert split.groupby("group")["split"].nunique().max() == 1
        assert split.groupby("split")["label"].nunique().to_dict() == {TRAIN: 2, VALIDATION: 2}

    def test_one_group_per_class_cannot_be_divided(self):
        manifest = make_manifest([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1])
        with pytest.raises(InputError, match="too few"):
            assign_split(manifest, make_settings(fraction=0.5), 0)


class TestRandom:
    @settings(max_examples=40, deadline=None)
    @given(labels=st.lists(st.integers(0, 1), min_size=4, max_size=60), seed=st.integers(0, 10_000))
    def test_both_parts_hold_both_classes(self, labels, seed):
        split = split_or_refuse(make_manifest(labels), make_settings("random"), seed)
        assume(split is not None)
        assert set(split["split"]) == {TRAIN, VALIDATION}
        assert split.groupby("split")["label"].nunique().min() == 2
