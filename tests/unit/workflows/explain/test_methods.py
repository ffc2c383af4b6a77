import shutil

import pytest

from tumorscope.errors import InputError
from tumorscope.workflows.explain.methods import check_methods, list_methods


@pytest.fixture
def with_keras_file(tiny_artifact, tmp_path, monkeypatch):
    """An artifact with a file for Keras, and a list of when it is looked into."""
    looked: list[str] = []
    folder = shutil.copytree(tiny_artifact, tmp_path / "model")
    (folder / "model.keras").write_bytes(b"")

    def look(*_: object) -> dict[str, object]:
        looked.append("model.keras")
        return {"Grad-CAM": None, "untrained": None}

    monkeypatch.setattr("tumorscope.workflows.explain.methods.list_keras_methods", look)
    return folder, looked


def test_chosen_ones_are_measured_beside_the_shipped_map_and_three_baselines(with_keras_file):
    folder, looked = with_keras_file
    methods, _ = list_methods(folder, ["occlusion"])
    assert list(methods) == ["shipped", "occlusion", "center", "brightness", "random"]
    assert not looked  # Keras takes seconds to load
    assert set(list_methods(folder, ["Grad-CAM"])[0]) == {
        "shipped", "center", "brightness", "random", "Grad-CAM"
    }  # fmt: skip
    assert len(list_methods(folder)[0]) == 8


def test_unknown_method_names_those_there_are(tiny_artifact):
    message = r"no method 'grad-cam'.*; choose of: shipped; .*Grad-CAM"
    with pytest.raises(InputError, match=message):
        check_methods(tiny_artifact, ["grad-cam"])


def test_method_that_needs_a_keras_file_is_refused_without_one(tiny_artifact):
    check_methods(tiny_artifact, ["occlusion"])
    with pytest.raises(InputError, match=r"carries no model\.keras, which untrained needs"):
        check_methods(tiny_artifact, ["untrained"])
