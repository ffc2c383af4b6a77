import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tumorscope.dataset.splits import (
    EXCLUDED,
    TEST,
    TRAIN,
    VALIDATION,
    assign_split,
    check_groups_apart,
    count_units,
    divide_fold,
)
from tumorscope.errors import InputError
from tumorscope.recipe import DataSettings

KINDS = ("random", "grouped")


def make_manifest(labels: list[int], groups: list[int] | None = None) -> pd.DataFrame:
    numbers = list(range(len(labels)))
    return pd.DataFrame(
        {
            "path": [f"{number}.png" for number in numbers],
            "sha256": [f"{number:064x}" for number in numbers],
            "label": labels,
            "group": groups or numbers,
        }
    )


def make_settings(split: str = "grouped", fraction: float = 0.2) -> DataSettings:
    return DataSettings(split=split, validation_fraction=fraction, drawn_per_group=None)


def split_or_refuse(
    manifest: pd.DataFrame, settings_: DataSettings, seed: int
) -> pd.DataFrame | None:
    """Give the split, or None where the slices are too few."""
    try:
        return assign_split(manifest, settings_, seed)
    except InputError as error:
        message = str(error)
    assert message.startswith("too few ")
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
            rf"too few .*to divide: {sum(labels)} with and {labels.count(0)} without a tumor.*"
            "data.validation_fraction"
        )
        with pytest.raises(InputError, match=message):
            assign_split(make_manifest(labels), make_settings(kind), 0)

    @pytest.mark.parametrize("fraction", [0.001, 0.999])
    def test_fraction_that_empties_a_part_is_refused(self, kind, fraction):
        with pytest.raises(InputError, match=r"too few .*to divide"):
            assign_split(make_manifest([0, 1] * 10), make_settings(kind, fraction), 0)


class TestLeastGroups:
    """The fraction alone would give the validation part 8 of 80 groups of a class."""

    @pytest.fixture
    def manifest(self):
        # As many groups as the dataset that the README begins with has, some of several slices.
        labels = [0] * 80 + [1] * 120
        groups = list(range(200))
        return make_manifest([*labels, 0, 0, 1, 1], [*groups, 0, 1, 100, 101])

    def test_class_with_too_few_groups_gets_more_and_the_other_stays(self, manifest):
        few = assign_split(manifest, make_settings(fraction=0.1), 0)
        enough = assign_split(manifest, make_settings(fraction=0.1), 0, least_groups=10)
        assert count_units(few[few["split"] == VALIDATION], grouped=True) == {0: 8, 1: 12}
        assert count_units(enough[enough["split"] == VALIDATION], grouped=True) == {0: 10, 1: 12}
        assert (enough.loc[few["split"] == VALIDATION, "split"] == VALIDATION).all()
        check_groups_apart(enough)

    def test_part_with_enough_groups_is_as_without_a_demand(self, manifest):
        settings_ = make_settings(fraction=0.2)
        demanded = assign_split(manifest, settings_, 0, least_groups=10)
        pd.testing.assert_frame_equal(demanded, assign_split(manifest, settings_, 0))

    def test_training_keeps_as_many_groups_as_validation_is_to_have(self, manifest):
        settings_ = make_settings(fraction=0.1)
        unmet = assign_split(manifest, settings_, 0, least_groups=41)
        pd.testing.assert_series_equal(
            unmet.loc[manifest["label"] == 0, "split"],
            assign_split(manifest, settings_, 0).loc[manifest["label"] == 0, "split"],
        )

    def test_of_slices_one_of_each_further_group_is_moved(self):
        manifest = make_manifest(
            [0, 1] * 100, [number // 4 * 2 + number % 2 for number in range(200)]
        )
        settings_ = make_settings("random", fraction=0.03)
        before = assign_split(manifest, settings_, 0)
        after = assign_split(manifest, settings_, 0, least_groups=10)
        held_back = after[after["split"] == VALIDATION]
        assert count_units(held_back, grouped=True) == {0: 10, 1: 10}
        assert len(held_back) - (before["split"] == VALIDATION).sum() == 20 - len(
            before.loc[before["split"] == VALIDATION, "group"].unique()
        )

    @pytest.mark.parametrize(("is_left_out", "groups"), [(False, 7), (True, 10)])
    def test_fold_gets_more_where_its_validation_part_decides_alone(self, is_left_out, groups):
        manifest = make_manifest([0] * 80 + [1] * 120)
        is_test = pd.Series(manifest.index % 8 == 0)
        parts = divide_fold(manifest, is_test, make_settings(fraction=0.1), 0, is_left_out, 10)
        held_back = count_units(parts[parts["split"] == VALIDATION], grouped=True)
        assert held_back[0] == groups


class TestGrouped:
    @pytest.mark.slow
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
        with pytest.raises(InputError, match="too few groups of slices to divide: 1 with and 1 wi"):
            assign_split(manifest, make_settings(fraction=0.5), 0)

    def test_groups_are_counted_not_their_slices(self):
        manifest = make_manifest([0] * 50 + [1] * 50, [0] * 50 + list(range(1, 51)))
        with pytest.raises(InputError, match="groups of slices to divide: 50 with and 1 without"):
            assign_split(manifest, make_settings(), 0)


class TestRandom:
    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(labels=st.lists(st.integers(0, 1), min_size=4, max_size=60), seed=st.integers(0, 10_000))
    def test_both_parts_hold_both_classes(self, labels, seed):
        split = split_or_refuse(make_manifest(labels), make_settings("random"), seed)
        assume(split is not None)
        assert set(split["split"]) == {TRAIN, VALIDATION}
        assert split.groupby("split")["label"].nunique().min() == 2


class TestFold:
    def test_slices_of_the_fold_are_the_test_part_and_the_rest_is_divided(self):
        manifest = make_manifest([0, 1] * 30).set_index(np.arange(100, 160))
        is_test = pd.Series(np.arange(60) % 6 < 2, manifest.index)
        before = manifest.copy()
        parts = divide_fold(manifest, is_test, make_settings(fraction=0.25), seed=0)
        pd.testing.assert_frame_equal(manifest, before)
        pd.testing.assert_frame_equal(parts.drop(columns="split"), before)
        assert (parts["split"] == TEST).tolist() == is_test.tolist()
        assert parts["split"].value_counts().to_dict() == {TRAIN: 30, VALIDATION: 10, TEST: 20}
        assert parts.groupby("split")["label"].mean().to_dict() == {
            TRAIN: 0.5, VALIDATION: 0.5, TEST: 0.5
        }  # fmt: skip

    def test_copy_planted_in_another_part_is_refused(self):
        manifest = make_manifest([0, 1] * 20)
        is_test = pd.Series(manifest.index < 10)
        divide_fold(manifest, is_test, make_settings(), 0)
        planted = manifest.assign(group=manifest["group"].replace(30, 3))
        with pytest.raises(
            InputError, match=r"3\.png \(test\) and 30\.png .* keep groups together"
        ):
            divide_fold(planted, is_test, make_settings(), 0)

    def test_what_shares_a_group_with_what_is_left_out_is_in_no_part(self):
        manifest = make_manifest([0, 1] * 20)
        manifest["group"] = manifest["group"].replace({30: 3, 31: 4})
        is_test = pd.Series(manifest.index < 10)
        parts = divide_fold(manifest, is_test, make_settings(), 0, is_left_out=True)["split"]
        assert parts[parts == EXCLUDED].index.tolist() == [30, 31]
        assert (parts == TEST).tolist() == is_test.tolist()
        assert set(parts[10:30]) == {TRAIN, VALIDATION}

    def test_random_parts_may_share_copies(self):
        manifest = make_manifest([0, 1] * 20, [0] * 40)
        parts = divide_fold(manifest, pd.Series(manifest.index < 10), make_settings("random"), 0)
        assert parts["group"].nunique() == 1

    @pytest.mark.parametrize("column", ["group", "sha256"])
    @pytest.mark.parametrize(("one", "other"), [(TRAIN, TEST), (TRAIN, VALIDATION)])
    def test_guard_names_both_slices_of_a_shared_group_or_file(self, column, one, other):
        parts = make_manifest([0, 1, 0, 1]).assign(split=[one, one, other, other])
        check_groups_apart(parts)
        parts.loc[2, column] = parts.loc[1, column]
        with pytest.raises(InputError, match=rf"1\.png \({one}\) and 2\.png \({other}\)"):
            check_groups_apart(parts)


def test_units_are_groups_or_slices():
    manifest = make_manifest([0, 0, 1, 1, 1], [0, 0, 0, 1, 2])
    assert count_units(manifest, grouped=True) == {0: 1, 1: 3}
    assert count_units(manifest, grouped=False) == {0: 2, 1: 3}
