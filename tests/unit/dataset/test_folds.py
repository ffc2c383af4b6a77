from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tumorscope.dataset.folds import (
    COLUMNS,
    assign_folds,
    find_root,
    name_slices,
    read_folds,
    write_folds,
)
from tumorscope.errors import InputError

ROOT = Path("/data/slices")


def make_manifest(labels: list[int], groups: list[int] | None = None) -> pd.DataFrame:
    rows = range(len(labels))
    return pd.DataFrame(
        {
            "path": [str(ROOT / ("no", "yes")[labels[row]] / f"{row}.png") for row in rows],
            "label": labels,
            "label_name": [("no", "yes")[label] for label in labels],
            "sha256": [f"{row:064x}" for row in rows],
            "group": groups or list(rows),
        }
    )


def draw_manifest(groups: int, seed: int) -> pd.DataFrame:
    """Groups of one to six slices, two fifths of them without a tumor."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 7, groups)
    labels = (np.arange(groups) % 5 >= 2).astype(int)
    return make_manifest(
        np.repeat(labels, sizes).tolist(), np.repeat(np.arange(groups), sizes).tolist()
    )


@pytest.fixture
def manifest() -> pd.DataFrame:
    return draw_manifest(40, seed=1)


@pytest.fixture
def table(manifest, tmp_path) -> Path:
    """The file of two repeats of three grouped folds."""
    folds = assign_folds(manifest, 3, 2, seed=0, grouped=True)
    write_folds(tmp_path / "folds.csv", folds, manifest, ROOT)
    return tmp_path / "folds.csv"


class TestAssign:
    @pytest.mark.slow
    @settings(max_examples=60, deadline=None)
    @given(
        rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=4, max_size=60),
        folds=st.integers(2, 5),
        repeats=st.integers(1, 3),
        grouped=st.booleans(),
        seed=st.integers(0, 2**31 - 1),
    )
    def test_each_slice_is_tested_once_per_repeat_and_no_group_crosses(
        self, rows, folds, repeats, grouped, seed
    ):
        manifest = make_manifest([label for label, _ in rows], [group for _, group in rows])
        try:
            table = assign_folds(manifest, folds, repeats, seed, grouped)
        except InputError:
            assume(False)
        assert len(table) == len(manifest) * repeats
        for _, of_repeat in table.groupby("repeat"):
            assert of_repeat.index.tolist() == manifest.index.tolist()
            assert set(of_repeat["fold"]) == set(range(folds))
            assert manifest["label"].groupby(of_repeat["fold"]).nunique().min() == 2
            if grouped:
                assert of_repeat["fold"].groupby(manifest["group"]).nunique().max() == 1

    @pytest.mark.parametrize("seed", range(5))
    def test_grouped_folds_balance_each_class_to_within_a_group(self, seed):
        manifest = draw_manifest(60, seed)
        fold = assign_folds(manifest, 5, 1, seed, grouped=True)["fold"]
        for label in (0, 1):
            counts = fold[manifest["label"] == label].value_counts()
            assert counts.max() - counts.min() <= 6

    def test_random_folds_balance_each_class_to_within_a_slice(self, manifest):
        fold = assign_folds(manifest, 5, 1, 0, grouped=False)["fold"]
        for label in (0, 1):
            counts = fold[manifest["label"] == label].value_counts()
            assert counts.max() - counts.min() <= 1

    @pytest.mark.parametrize("grouped", [True, False])
    def test_same_seed_gives_the_same_folds_and_another_seed_and_repeat_others(
        self, manifest, grouped
    ):
        first, again, other = (assign_folds(manifest, 4, 2, seed, grouped) for seed in (0, 0, 1))
        pd.testing.assert_frame_equal(first, again)
        assert first["fold"].tolist() != other["fold"].tolist()
        repeats = [rows["fold"].tolist() for _, rows in first.groupby("repeat")]
        assert repeats[0] != repeats[1]

    def test_manifest_stays_unchanged_and_its_index_is_kept(self, manifest):
        shifted = manifest.set_index(np.arange(1000, 1000 + len(manifest)))
        before = shifted.copy()
        table = assign_folds(shifted, 3, 2, 0, grouped=True)
        pd.testing.assert_frame_equal(shifted, before)
        assert table.index.tolist() == [*shifted.index, *shifted.index]

    def test_too_few_groups_are_counted_as_groups_not_as_slices(self):
        manifest = make_manifest([0] * 12 + [1] * 12, [0] * 6 + [1] * 6 + list(range(2, 14)))
        with pytest.raises(
            InputError,
            match=r"3 folds: 12 group\(s\) of slices with and 2 without a tumor.*fewer folds",
        ):
            assign_folds(manifest, 3, 1, 0, grouped=True)
        assign_folds(manifest, 3, 1, 0, grouped=False)

    def test_too_few_slices_are_refused(self):
        with pytest.raises(InputError, match=r"2 slice\(s\) with and 9 without"):
            assign_folds(make_manifest([0] * 9 + [1] * 2), 3, 1, 0, grouped=False)

    def test_groups_of_both_classes_that_leave_a_fold_with_one_are_refused(self):
        # Three patients, each with one slice of either class, and three whose class is theirs.
        manifest = make_manifest([0, 1] * 3 + [1] * 30, [0, 0, 0, 0, 1, 1] + [2] * 30)
        with pytest.raises(InputError, match="fewer folds"):
            assign_folds(manifest, 3, 1, 0, grouped=True)

    @pytest.mark.parametrize(("folds", "repeats"), [(1, 1), (0, 1), (2, 0), (2, -1)])
    def test_numbers_that_make_no_folds_are_refused(self, manifest, folds, repeats):
        with pytest.raises(InputError, match="2 or more folds"):
            assign_folds(manifest, folds, repeats, 0, grouped=True)


class TestNames:
    def test_slices_are_named_from_the_nearest_folder_that_holds_them_all(self, manifest):
        assert find_root(manifest) == ROOT
        names = name_slices(manifest, ROOT)
        assert names.iloc[0] == "no/0.png"
        assert names.index.equals(manifest.index)

    def test_one_folder_of_slices_is_its_own_root(self):
        manifest = pd.DataFrame({"path": ["/a/b/x.png", "/a/b/y.png"]})
        assert find_root(manifest) == Path("/a/b")

    def test_slice_outside_is_refused(self, manifest):
        with pytest.raises(InputError, match="not below"):
            name_slices(manifest, Path("/elsewhere"))

    def test_slice_listed_twice_is_refused(self, manifest):
        with pytest.raises(InputError, match=r"no/0\.png: listed twice"):
            name_slices(pd.concat([manifest, manifest.iloc[:1]]), ROOT)


class TestTable:
    def test_what_is_written_is_read_back(self, manifest, table):
        expected = assign_folds(manifest, 3, 2, seed=0, grouped=True)
        pd.testing.assert_frame_equal(read_folds(table, manifest, ROOT, True), expected)

    def test_it_has_one_row_per_slice_and_repeat(self, manifest, table):
        rows = pd.read_csv(table)
        assert rows.columns.tolist() == list(COLUMNS)
        assert len(rows) == 2 * len(manifest)
        assert rows["repeat"].is_monotonic_increasing
        assert "\\" not in "".join(rows["slice"])

    def test_folds_stand_in_the_order_of_the_manifest_whatever_that_of_the_table(
        self, manifest, table
    ):
        expected = read_folds(table, manifest, ROOT, True)
        pd.read_csv(table).sample(frac=1, random_state=0).to_csv(table, index=False)
        pd.testing.assert_frame_equal(read_folds(table, manifest, ROOT, True), expected)
        shuffled = manifest.sample(frac=1, random_state=0)
        folds = read_folds(table, shuffled, ROOT, True)
        for repeat, rows in folds.groupby("repeat"):
            assert rows.index.equals(shuffled.index)
            kept = expected[expected["repeat"] == repeat]
            assert rows["fold"].equals(kept["fold"][rows.index])

    def test_folder_that_moved_is_matched_by_the_names_below_it(self, manifest, table):
        moved = manifest.assign(path=manifest["path"].str.replace(str(ROOT), "/elsewhere"))
        folds = read_folds(table, moved, find_root(moved), True)
        pd.testing.assert_frame_equal(folds, read_folds(table, manifest, ROOT, True))

    def test_own_group_numbers_decide_not_those_of_the_table(self, manifest, table):
        renumbered = manifest.assign(group=manifest["group"] + 7)
        folds = read_folds(table, renumbered, ROOT, True)
        pd.testing.assert_frame_equal(folds, read_folds(table, manifest, ROOT, True))

    def test_group_that_crosses_folds_is_refused_only_if_groups_are_wanted_together(
        self, manifest, table
    ):
        folds = read_folds(table, manifest, ROOT, True).iloc[: len(manifest)]
        one, other = (folds.index[folds["fold"] == fold][0] for fold in (0, 1))
        linked = manifest.assign(
            group=manifest["group"].replace(manifest["group"][other], manifest["group"][one])
        )
        names = name_slices(linked, ROOT)
        with pytest.raises(InputError, match="copies or of one patient") as refusal:
            read_folds(table, linked, ROOT, True)
        named = [name for name in names if f"{name} " in str(refusal.value)]
        assert {linked["group"][index] for index in names.index[names.isin(named)]} == {
            linked["group"][one]
        }
        assert len(read_folds(table, linked, ROOT, False)) == 2 * len(manifest)

    def test_slice_that_is_new_is_named(self, manifest, table):
        more = make_manifest([*manifest["label"], 1])
        with pytest.raises(InputError, match=rf"yes/{len(manifest)}\.png of .* is missing"):
            read_folds(table, more, ROOT, False)

    def test_slice_that_is_gone_is_named(self, manifest, table):
        with pytest.raises(InputError, match=r"no/0\.png is not among the slices"):
            read_folds(table, manifest.iloc[1:], ROOT, False)

    def test_slice_with_other_bytes_is_named(self, manifest, table):
        changed = manifest.copy()
        changed.loc[0, "sha256"] = "f" * 64
        with pytest.raises(InputError, match=r"no/0\.png holds other bytes"):
            read_folds(table, changed, ROOT, False)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda rows: rows.drop(columns="sha256"), "column 'sha256' is missing"),
            (lambda rows: rows.assign(repeat=rows["repeat"] + 1), "'repeat' must count from 0"),
            (lambda rows: rows.assign(fold=rows["fold"] * 2), "'fold' must count from 0"),
            (lambda rows: rows.assign(fold="a"), "not a readable table"),
            (lambda rows: rows.drop(index=0), "repeat 0 does not name every slice exactly once"),
            (lambda rows: pd.concat([rows, rows.iloc[:1]]), "repeat 0 does not name"),
            (lambda rows: rows.assign(fold=(rows["label_name"] == "no") * 1), "of both classes"),
            (lambda rows: rows.iloc[:0], "is missing; these are others' folds"),
        ],
    )
    def test_damaged_table_is_refused(self, manifest, table, change, message):
        rows = pd.read_csv(table, dtype={"sha256": str})
        change(rows).to_csv(table, index=False)
        with pytest.raises(InputError, match=message):
            read_folds(table, manifest, ROOT, False)


class TestSeveralSources:
    """Folds of the sources a and b, used for one of them."""

    @pytest.fixture
    def both(self, manifest) -> pd.DataFrame:
        other = draw_manifest(30, seed=2)
        other["sha256"] = [f"{row:064x}" for row in range(1000, 1000 + len(other))]
        other["group"] += manifest["group"].max() + 1
        sources = {"a": manifest, "b": other}
        moved = [
            source.assign(source=name, path=source["path"].str.replace("slices", f"both/{name}"))
            for name, source in sources.items()
        ]
        return pd.concat(moved, ignore_index=True)

    @pytest.fixture
    def superset(self, both, tmp_path) -> Path:
        folds = assign_folds(both, 3, 2, seed=0, grouped=True)
        write_folds(tmp_path / "both.csv", folds, both, find_root(both))
        return tmp_path / "both.csv"

    def test_table_names_the_source_of_each_slice(self, superset):
        rows = pd.read_csv(superset)
        assert rows.columns.tolist() == [*COLUMNS, "source"]
        assert (rows["slice"].str[0] == rows["source"]).all()

    def test_one_source_gets_its_folds_and_the_others_are_left_out(self, both, superset, manifest):
        whole = read_folds(superset, both, find_root(both), True)
        folds = read_folds(superset, manifest, ROOT, True)
        for repeat, rows in folds.groupby("repeat"):
            assert rows.index.equals(manifest.index)
            expected = whole.loc[whole["repeat"] == repeat, "fold"].iloc[: len(manifest)]
            assert rows["fold"].tolist() == expected.tolist()

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda slices: slices.iloc[1:], r"no/0\.png is not among the slices"),
            (
                lambda slices: slices.assign(path=slices["path"].str.replace("/0.png", "/x.png")),
                r"no/0\.png is not among the slices",
            ),
            (
                lambda slices: slices.assign(
                    sha256=slices["sha256"].where(slices.index > 0, "f" * 64)
                ),
                r"no/0\.png holds other bytes",
            ),
        ],
    )
    def test_source_that_is_not_as_it_was_is_refused(self, superset, manifest, change, message):
        with pytest.raises(InputError, match=message):
            read_folds(superset, change(manifest), ROOT, True)

    def test_slice_that_the_table_does_not_have_is_named(self, superset, manifest):
        more = make_manifest([*manifest["label"], 1])
        with pytest.raises(InputError, match=rf"yes/{len(manifest)}\.png of .* is missing"):
            read_folds(superset, more, ROOT, False)

    def test_source_without_both_classes_in_a_fold_is_refused(self, superset, manifest):
        rows = pd.read_csv(superset, dtype={"sha256": str})
        is_moved = (rows["source"] == "a") & (rows["fold"] == 2)
        rows.assign(fold=rows["fold"].where(~is_moved, 1)).to_csv(superset, index=False)
        with pytest.raises(InputError, match="fold 2 would not hold slices of both classes"):
            read_folds(superset, manifest, ROOT, False)

    def test_copy_in_another_source_and_another_fold_is_refused(self, both, superset):
        folds = read_folds(superset, both, find_root(both), True)
        once = folds[folds["repeat"] == 0].join(both["source"])
        one = once.index[(once["source"] == "a") & (once["fold"] == 0)][0]
        other = once.index[(once["source"] == "b") & (once["fold"] == 1)][0]
        linked = both.assign(group=both["group"].replace(both["group"][other], both["group"][one]))
        with pytest.raises(InputError, match=r"a/.*\.png and b/.*\.png are copies or of one pat"):
            read_folds(superset, linked, find_root(linked), True)


def test_missing_table_is_refused(manifest, tmp_path):
    with pytest.raises(InputError, match="no such table of folds"):
        read_folds(tmp_path / "gone.csv", manifest, ROOT, False)
