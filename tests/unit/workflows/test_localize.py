import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.errors import InputError
from tumorscope.workflows import localize as module
from tumorscope.workflows.explanation_methods import SHIPPED
from tumorscope.workflows.localize import FIGURES, localize


@pytest.fixture
def half_known(monkeypatch):
    """Take every second outlined slice for one that the model was trained on."""
    monkeypatch.setattr(module, "find_known", lambda codes, _: np.arange(len(codes)) % 2 == 1)


@pytest.fixture
def everything_is_a_tumor(tiny_artifact, monkeypatch):
    monkeypatch.setattr(
        module.Predictor, "load",
        classmethod(lambda cls, _: cls(
            module_spec(tiny_artifact), tiny_artifact / "model.xml"
        )),
    )  # fmt: skip


def module_spec(artifact):
    from tumorscope.artifact.reader import read_artifact

    return read_artifact(artifact).model_copy(update={"operating_points": {"half": 0.0}})


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
    assert json.loads((out / "localization.json").read_text())["notice"].startswith("Research")
    page = (out / "localization.html").read_text()
    assert "Research use only" in page
    assert page.count("data:image/png;base64") == 3
    again = localize(tiny_artifact, image_folder, image_folder / "masks", out, count=2)
    assert again["slices"]["called_tumor"] == 2


def test_nothing_is_left_of_slices_that_are_all_known(
    tiny_artifact, image_folder, tmp_path, everything_is_a_tumor, monkeypatch
):
    monkeypatch.setattr(module, "find_known", lambda codes, _: np.ones(len(codes), bool))
    with pytest.raises(InputError, match="no outlined slice is left"):
        localize(tiny_artifact, image_folder, image_folder / "masks", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_masks_of_other_slices_are_refused(tiny_artifact, image_folder, tmp_path):
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.eye(64, dtype=np.uint8) * 255).save(tmp_path / "masks" / "other.png")
    with pytest.raises(InputError, match="no slice with a tumor has the name"):
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
