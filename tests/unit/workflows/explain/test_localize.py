import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import OPENVINO_FILE
from tumorscope.errors import InputError
from tumorscope.explanation.localization_sheet import Found
from tumorscope.inference.guard import Guard
from tumorscope.inference.predictor import Predictor
from tumorscope.recipe import load_recipe
from tumorscope.report.run.report import write_report
from tumorscope.workflows.explain import localize as module
from tumorscope.workflows.explain.localize import FIGURES, localize
from tumorscope.workflows.explain.methods import SHIPPED

pytestmark = pytest.mark.usefixtures("blank_figures")


@pytest.fixture
def half_known(monkeypatch):
    """Take every second outlined slice for one that the model was trained on."""
    monkeypatch.setattr(module, "find_known", lambda codes, _: np.arange(len(codes)) % 2 == 1)


@pytest.fixture
def everything_is_a_tumor(tiny_artifact, monkeypatch):
    spec = read_artifact(tiny_artifact).model_copy(update={"operating_points": {"half": 0.0}})
    predictor = Predictor(spec, tiny_artifact / OPENVINO_FILE, Guard.load(tiny_artifact))
    monkeypatch.setattr(module.Predictor, "load", lambda _: predictor)


@pytest.mark.slow
def test_writes_a_row_for_each_slice_and_method_and_the_page(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor, half_known
):
    out = tmp_path / "out"
    result = localize(tiny_artifact, image_folder, image_folder / "masks", out)
    table = pd.read_csv(out / "localization.csv")
    assert result["slices"] == {"outlined": 8, "copies": 4, "asked": 4, "called_tumor": 4}
    assert set(table["method"]) == set(result["methods"]) >= {SHIPPED, "occlusion", "center"}
    assert len(table) == 4 * len(result["methods"])
    assert set(FIGURES) <= set(table.columns)
    assert pd.read_csv(out / "rejected.csv").empty
    assert json.loads((out / "localization.json").read_text())["notice"].startswith("Research")
    page = (out / "localization.html").read_text()
    assert "Research use only" in page
    assert page.count("data:image/png;base64") == 3
    again = localize(tiny_artifact, image_folder, image_folder / "masks", out, count=2)
    assert again["slices"]["called_tumor"] == 2


@pytest.mark.slow
def test_a_picture_stands_on_one_sheet_once_whatever_its_copies(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor, monkeypatch
):
    data = tmp_path / "data"
    for name in ("yes", "no"):
        shutil.copytree(image_folder / name, data / name)
    for slice_ in sorted((data / "yes").iterdir())[:3]:
        shutil.copy(slice_, slice_.with_name(f"copy of {slice_.name}"))
    drawn = []
    draw = module.draw_found
    monkeypatch.setattr(module, "draw_found", lambda found: drawn.append(found) or draw(found))
    monkeypatch.setattr(module, "find_known", lambda codes, _: np.zeros(len(codes), bool))
    localize(tiny_artifact, data, image_folder / "masks", tmp_path / "out")
    best, worst = ([one.name.removeprefix("copy of ") for one in found] for found in drawn)
    assert len(best) == len(worst) == 4
    assert len({*best, *worst}) == 8


@pytest.mark.slow
def test_nothing_is_left_of_slices_that_are_all_known(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor, monkeypatch
):
    monkeypatch.setattr(module, "find_known", lambda codes, _: np.ones(len(codes), bool))
    with pytest.raises(
        InputError, match=r"(\d+) of \1 outlined slices are left out as known,.*none; give"
    ):
        localize(tiny_artifact, image_folder, image_folder / "masks", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "is_shown"), [("localization", True), ("other", False)])
def test_report_of_a_run_shows_the_result_that_lies_in_it(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor, name, is_shown
):
    run = tmp_path / "run"
    shutil.copytree(tiny_artifact, run / "model")
    (run / "recipe.yaml").write_text(load_recipe("notebook").to_yaml())
    write_report(run)
    localize(run, image_folder, image_folder / "masks", run / name, count=2)
    assert ("Do the heatmaps find" in (run / "report.html").read_text()) == is_shown


@pytest.mark.slow
def test_outlined_slice_whose_copy_without_an_outline_is_known_is_left_out(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor, monkeypatch
):
    data = tmp_path / "data"
    for name in ("yes", "no"):
        shutil.copytree(image_folder / name, data / name)
    first = sorted((data / "yes").iterdir())[0]
    shutil.copy(first, first.with_name("copy.png"))
    monkeypatch.setattr(module, "compute_file_codes", lambda paths, *_: paths)
    monkeypatch.setattr(
        module, "find_known", lambda paths, _: np.array([Path(p).stem == "copy" for p in paths])
    )
    result = localize(tiny_artifact, data, image_folder / "masks", tmp_path / "out")
    assert result["slices"] == {"outlined": 8, "copies": 1, "asked": 7, "called_tumor": 7}
    table = pd.read_csv(tmp_path / "out" / "localization.csv")
    assert first.name not in {Path(path).name for path in table["path"]}


def test_only_the_slices_that_are_shown_are_kept():
    found = []
    for score in np.random.default_rng(0).permutation(100):
        found = module._keep_ends([*found, Found("", None, None, None, score)])
    assert [one.score for one in found] == [*range(12), *range(88, 100)]


def test_masks_of_other_slices_are_refused(tiny_artifact, image_folder, tmp_path):
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.eye(64, dtype=np.uint8) * 255).save(tmp_path / "masks" / "other.png")
    with pytest.raises(InputError, match="no slice with a tumor is the picture"):
        localize(tiny_artifact, image_folder, tmp_path / "masks", tmp_path / "out")


def test_mask_of_another_size_is_refused(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor
):
    (tmp_path / "masks").mkdir()
    for path in (image_folder / "masks").iterdir():
        Image.fromarray(np.eye(64, dtype=np.uint8) * 255).save(tmp_path / "masks" / path.name)
    with pytest.raises(InputError, match="64 x 64 px, its slice"):
        localize(tiny_artifact, image_folder, tmp_path / "masks", tmp_path / "out")


def test_other_files_in_the_folder_are_kept(tiny_artifact, image_folder, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="other files"):
        localize(tiny_artifact, image_folder, image_folder / "masks", tmp_path)
