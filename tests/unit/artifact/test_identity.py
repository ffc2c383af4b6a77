import shutil
from pathlib import Path

import tumorscope
from tumorscope.artifact.identity import identify_model, is_model
from tumorscope.artifact.spec import SPEC_FILE
from tumorscope.checksum import compute_sha256


def test_model_is_named_by_its_folder_its_checksum_and_the_version(tiny_artifact, tmp_path):
    folder = Path(shutil.copytree(tiny_artifact, tmp_path / "glioma"))
    identity = identify_model(folder, 0.25)
    checksum = compute_sha256(folder / SPEC_FILE)
    assert identity == ("glioma", checksum[:12], 0.25, tumorscope.__version__)
    assert str(identity) == (
        f"model glioma {checksum[:12]}, threshold 0.25, Tumorscope {tumorscope.__version__}"
    )


def test_model_of_a_run_has_the_name_of_the_run(tiny_artifact, tmp_path):
    folder = Path(shutil.copytree(tiny_artifact, tmp_path / "lite0" / "model"))
    (tmp_path / "lite0" / "recipe.yaml").touch()
    assert identify_model(folder, 0.5).name == "lite0"


def test_artifact_and_run_are_models_and_other_folders_are_none(tiny_artifact, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(tiny_artifact, run / "model")
    assert is_model(run / "model")
    assert not is_model(run)  # slices may lie beside a model
    (run / "recipe.yaml").touch()
    assert is_model(run)
    assert not any(map(is_model, (tmp_path, run / "model" / SPEC_FILE, Path("x" * 5000))))
