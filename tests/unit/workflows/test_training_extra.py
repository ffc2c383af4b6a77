from pathlib import Path

import pytest

from tumorscope.errors import MissingExtraError
from tumorscope.recipe import load_recipe
from tumorscope.workflows import training_extra
from tumorscope.workflows.train.command import train
from tumorscope.workflows.training_extra import check_training


@pytest.fixture
def uninstall(monkeypatch):
    """Let modules seem not to be installed."""

    def uninstall(*names: str) -> None:
        find_spec = training_extra.find_spec
        monkeypatch.setattr(
            training_extra, "find_spec", lambda name: None if name in names else find_spec(name)
        )

    return uninstall


@pytest.mark.parametrize("module", ["keras", "sklearn", "scipy", "tf2onnx", "nilearn"])
def test_any_part_that_is_missing_is_named_as_the_extra(uninstall, module):
    check_training()
    uninstall(module)
    with pytest.raises(MissingExtraError, match=r"Training needs .*'\.\[train\]'"):
        check_training()


def test_tensorboard_is_needed_only_where_the_recipe_asks_for_it(uninstall):
    uninstall("tensorboard")
    check_training(load_recipe("default"))
    with pytest.raises(MissingExtraError, match=r"'\.\[tensorboard\]'"):
        check_training(load_recipe("default", ["training.tensorboard=true"]))


def test_a_training_names_it_before_a_slice_is_read(uninstall, image_folder, tmp_path):
    uninstall("scipy")
    seen: list[object] = []
    with pytest.raises(MissingExtraError):
        train(image_folder, tmp_path / "run", on_progress=lambda *step: seen.append(step))
    assert seen == []
    assert not Path(tmp_path / "run").exists()
