import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.evaluation.comparison import compare_scores
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.replacing import MARKER
from tumorscope.workflows.compare import compare

pytestmark = pytest.mark.usefixtures("blank_figures")


def write_cv(folder: Path, noise: float, seed: int = 0) -> Path:
    """A finished cross-validation of 40 slices in 30 groups, two repeats of four folds."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    slices = pd.DataFrame({"slice": [f"{number:02}.png" for number in range(40)]})
    slices = slices.assign(group=np.arange(40) % 30, label=np.arange(40) % 30 % 2)
    slices["sha256"] = [f"{number:064x}" for number in range(40)]
    repeats = [
        slices.assign(repeat=repeat, fold=(slices["group"] + repeat) % 4) for repeat in range(2)
    ]
    table = pd.concat(repeats, ignore_index=True)
    logits = 2 * table["label"] - 1 + rng.normal(0, noise, 80)
    table["probability"] = 1 / (1 + np.exp(-logits))
    table.drop(columns="sha256").sample(frac=1, random_state=seed).to_csv(
        folder / "predictions.csv", index=False
    )
    table[["slice", "sha256", "repeat", "fold"]].to_csv(folder / "folds.csv", index=False)
    return folder


@pytest.fixture
def pair(tmp_path) -> tuple[Path, Path]:
    return write_cv(tmp_path / "noisy", 3.0, seed=1), write_cv(tmp_path / "sharp", 0.5, seed=2)


def change(path: Path, edit) -> None:
    edit(pd.read_csv(path, dtype={"sha256": str})).to_csv(path, index=False)


def test_differences_are_those_of_the_paired_scores(pair, tmp_path):
    comparison = compare(*pair, tmp_path / "out")
    tables = [pd.read_csv(cv / "predictions.csv").sort_values(["repeat", "slice"]) for cv in pair]
    first, second = (table["probability"].to_numpy().reshape(2, 40) for table in tables)
    expected = compare_scores(
        tables[0]["label"][tables[0]["repeat"] == 0],
        first,
        second,
        0.5,
        tables[0]["group"][tables[0]["repeat"] == 0],
    )
    assert comparison == {"first": "noisy", "second": "sharp", **expected}
    assert comparison["differences"]["accuracy"]["difference"] > 0
    assert (comparison["slices"], comparison["groups"]) == (40, 30)


@pytest.mark.slow
def test_folder_holds_the_result_and_its_figure_and_is_replaced(pair, tmp_path):
    comparison = compare(*pair, tmp_path / "out")
    assert compare(*pair, tmp_path / "out") == comparison
    written = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert written == {**comparison, "notice": RESEARCH_USE_ONLY}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        MARKER, "comparison.json", "comparison.png", "comparison.svg"
    }  # fmt: skip


def test_same_last_names_are_told_apart(tmp_path):
    pair = (write_cv(tmp_path / name / "cv", 1.0) for name in ("a", "b"))
    comparison = compare(*pair, tmp_path / "out")
    assert (comparison["first"], comparison["second"]) == ("a/cv", "b/cv")


def add_source(pair: tuple[Path, Path]) -> None:
    """Let the second have a source more, of ten slices; those of the first are its source old."""
    first, second = pair
    for name in ("predictions", "folds"):
        table = pd.read_csv(second / f"{name}.csv", dtype={"sha256": str})
        more = table[table["slice"] < "10.png"].copy()
        if name == "predictions":
            more["group"] += 100
        else:
            more["sha256"] = "f" + more["sha256"].str[1:]
        sources = {"old": table, "new": more}
        pd.concat(
            [
                rows.assign(source=source, slice=f"{source}/yes/" + rows["slice"])
                for source, rows in sources.items()
            ]
        ).to_csv(second / f"{name}.csv", index=False)
        change(first / f"{name}.csv", lambda table: table.assign(slice="yes/" + table["slice"]))


class TestMoreSources:
    @pytest.mark.slow
    def test_slices_of_the_first_are_compared_as_if_there_were_no_others(self, pair, tmp_path):
        expected = compare(*pair, tmp_path / "alone")
        add_source(pair)
        assert compare(*pair, tmp_path / "out") == expected
        assert expected["slices"] == 40

    def test_groups_that_only_the_other_source_joins_are_one(self, pair, tmp_path):
        add_source(pair)
        change(
            pair[1] / "predictions.csv",
            lambda table: table.assign(group=table["group"].replace(4, 0)),
        )
        assert compare(*pair, tmp_path / "out")["groups"] == 29

    @pytest.mark.parametrize(
        ("name", "edit", "message"),
        [
            ("folds", lambda table: table.assign(sha256="e" * 64), "not the same slices"),
            ("predictions", lambda table: table.iloc[1:], "not the same slices"),
            ("predictions", lambda table: table.assign(fold=0), "other folds"),
            ("predictions", lambda table: table.assign(label=1), "other labels"),
        ],
    )
    def test_what_differs_is_named(self, pair, tmp_path, name, edit, message):
        add_source(pair)
        change(pair[0] / f"{name}.csv", edit)
        with pytest.raises(InputError, match=message):
            compare(*pair, tmp_path / "out")


def test_group_numbers_may_differ_as_long_as_groups_are_the_same(pair, tmp_path):
    change(pair[1] / "predictions.csv", lambda table: table.assign(group=99 - table["group"]))
    assert compare(*pair, tmp_path / "out")["groups"] == 30


@pytest.mark.parametrize(
    ("name", "edit", "message"),
    [
        (
            "predictions",
            lambda table: table[table["repeat"] == 0],
            "same slices and repeats.*--fol",
        ),
        ("predictions", lambda table: table.iloc[1:], "not the same slices.*--folds-file"),
        ("predictions", lambda table: table.assign(fold=0), "other folds.*--folds-file FIRST"),
        ("predictions", lambda table: table.assign(label=1), r"00\.png has other labels"),
        ("predictions", lambda table: table.assign(group=0), "other groups of copies"),
        ("folds", lambda table: table.assign(sha256="f" * 64), r"00\.png has other bytes"),
    ],
)
def test_what_differs_is_named(pair, tmp_path, name, edit, message):
    change(pair[1] / f"{name}.csv", edit)
    with pytest.raises(InputError, match=message):
        compare(*pair, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["predictions.csv", "folds.csv"])
def test_unfinished_cross_validation_is_refused(pair, tmp_path, name):
    (pair[0] / name).unlink()
    with pytest.raises(InputError, match=f"not a finished cross-validation, it holds no {name}"):
        compare(*pair, tmp_path / "out")


def test_folder_of_other_files_is_never_replaced(pair, tmp_path):
    shutil.copytree(pair[0], tmp_path / "thesis")
    with pytest.raises(InputError, match="holds other files"):
        compare(*pair, tmp_path / "thesis")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a file"):
        compare(*pair, tmp_path / "file")
    with pytest.raises(InputError, match=r"lies in .*, which is read"):
        compare(*pair, pair[0] / "comparison")
