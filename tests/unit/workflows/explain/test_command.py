import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tumorscope.checksum import compute_sha256
from tumorscope.errors import InputError
from tumorscope.explanation.panel import draw_contact_sheet
from tumorscope.recipe import load_recipe
from tumorscope.workflows.explain.command import choose_slices, explain


@pytest.fixture
def run(tiny_artifact, image_folder, tmp_path):
    """A run folder as training leaves it, as far as explaining needs it."""
    folder = tmp_path / "run"
    shutil.copytree(tiny_artifact, folder / "model")
    (folder / "recipe.yaml").write_text(load_recipe("notebook").to_yaml())
    paths = sorted(map(str, image_folder.glob("[yn]*/*.png")))
    labels = [int(Path(path).parent.name == "yes") for path in paths]
    split = ["validation", "validation", "train", "train"] * (len(paths) // 4)
    sums = [compute_sha256(Path(path)) for path in paths]
    table = pd.DataFrame(
        {"path": paths, "label": labels, "sha256": sums, "split": split, "group": range(len(paths))}
    )
    table.to_csv(folder / "manifest.csv", index=False)
    return folder


@pytest.mark.slow
def test_draws_validation_slices_of_both_classes(run):
    sheet = explain(run, count=4)
    assert sheet == run / "explanations" / "contact_sheet.png"
    assert sheet.is_file()
    drawn = sorted(path.name for path in (sheet.parent / "overlays").iterdir())
    assert [name[:6] for name in drawn] == ["00001 ", "00002 ", "00003 ", "00004 "]
    again = explain(run, count=4)
    assert sorted(path.name for path in (again.parent / "overlays").iterdir()) == drawn


@pytest.mark.slow
def test_draws_all_when_there_are_fewer(run):
    sheet = explain(run, count=100)
    assert len(list((sheet.parent / "overlays").iterdir())) == 8


@pytest.mark.slow
def test_model_trained_on_all_slices_is_explained_on_them_and_the_sheet_says_so(run, monkeypatch):
    notes = []

    def draw(*arguments, note):
        notes.append(note)
        return draw_contact_sheet(*arguments, note=note)

    monkeypatch.setattr("tumorscope.workflows.explain.command.draw_contact_sheet", draw)
    explain(run, count=2)
    table = pd.read_csv(run / "manifest.csv").assign(split="train")
    table.to_csv(run / "manifest.csv", index=False)
    sheet = explain(run, count=100)
    assert len(list((sheet.parent / "overlays").iterdir())) == len(table)
    assert notes == ["", "Slices that the model was trained on. "]


@pytest.mark.slow
def test_old_explanations_stay_when_a_slice_is_gone(run):
    before = explain(run, count=2).read_bytes()
    table = pd.read_csv(run / "manifest.csv")
    table["path"] = "/gone/" + table["path"].str.rsplit("/").str[-1]
    table.to_csv(run / "manifest.csv", index=False)
    with pytest.raises(InputError, match=r"/gone/.*: gone since the run was started"):
        explain(run, count=4)
    assert (run / "explanations" / "contact_sheet.png").read_bytes() == before


@pytest.mark.slow
def test_other_slices_under_the_same_names_are_refused(run, image_folder, tmp_path):
    copy = shutil.copytree(image_folder, tmp_path / "slices")
    text = (run / "manifest.csv").read_text().replace(str(image_folder), str(copy))
    (run / "manifest.csv").write_text(text)
    explain(run, count=2)
    other = next((copy / "no").iterdir())
    for path in (copy / "yes").iterdir():
        shutil.copy(other, path)
    with pytest.raises(InputError, match=r"yes/.*: changed \(another SHA-256\)"):
        explain(run, count=2)


def test_explanations_of_others_stay(run):
    """As of a run of an earlier version: nothing says who wrote them."""
    (run / "explanations").mkdir()
    (run / "explanations" / "mine.png").write_text("precious")
    with pytest.raises(InputError, match="explanations: holds other files, or what an earlier"):
        explain(run)
    assert (run / "explanations" / "mine.png").exists()


@pytest.mark.parametrize("count", [0, -1])
def test_count_below_one_is_refused(run, count):
    with pytest.raises(InputError, match=f"--count: expected at least 1, found {count}"):
        explain(run, count)


@pytest.mark.parametrize("content", ["", "path,label\n", "path,label,split\n", "\x00"])
def test_damaged_manifest_is_refused(run, content):
    (run / "manifest.csv").write_text(content)
    with pytest.raises(InputError, match=r"manifest\.csv: damaged"):
        explain(run)


@pytest.mark.parametrize("content", ["", "seed: [", "seed: 1"])
def test_damaged_recipe_is_refused(run, content):
    (run / "recipe.yaml").write_text(content)
    with pytest.raises(InputError, match="recipe"):
        explain(run)


def test_artifact_without_its_run_is_refused(tiny_artifact):
    with pytest.raises(InputError, match="run folder"):
        explain(tiny_artifact)


def test_choice_alternates_between_the_classes_and_follows_the_seed():
    manifest = pd.DataFrame({"label": [0] * 20 + [1] * 5, "path": range(25), "group": range(25)})
    chosen = choose_slices(manifest, 8, seed=3)
    assert chosen["label"].tolist() == [0, 1] * 4
    assert choose_slices(manifest, 8, seed=3)["path"].tolist() == chosen["path"].tolist()
    assert choose_slices(manifest, 8, seed=4)["path"].tolist() != chosen["path"].tolist()
    assert choose_slices(manifest, 12, seed=3)["label"].sum() == 5


@pytest.mark.slow
def test_regions_of_positive_verdicts_are_written_as_json(run):
    sheet = explain(run, count=100)
    document = json.loads((sheet.parent / "regions.json").read_text())
    assert document["notice"].startswith("Research use only")
    assert len(document["regions"]) == 8
    for region in filter(None, document["regions"].values()):
        assert region["name"] == "region that drove the decision"
        assert set(region["box"]) == {"top", "left", "height", "width"}


def test_one_slice_of_a_group_is_chosen_whatever_its_copies():
    manifest = pd.DataFrame({"label": [0] * 9 + [1] * 9, "group": [0] * 9 + [1, 2, 3] * 3})
    chosen = choose_slices(manifest, 12, seed=0)
    assert sorted(chosen["group"]) == [0, 1, 2, 3]
