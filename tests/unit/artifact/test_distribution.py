import shutil

import pytest

from tumorscope.artifact.distribution import copy_for_prediction
from tumorscope.artifact.reader import read_artifact, read_known_codes
from tumorscope.artifact.writer import write_artifact
from tumorscope.errors import ArtifactError, InputError
from tumorscope.replacing import MARKER

KEPT = {
    "model.xml", "model.bin", "known_codes.npy", "guard.npz", "MODEL_CARD.md",
    "artifact.json", "artifact.json.sha256", MARKER,
}  # fmt: skip


@pytest.fixture
def run(tiny_artifact, tmp_path):
    """A run folder whose artifact has the files for training and other software as well."""
    folder = tmp_path / "run" / "model"
    shutil.copytree(tiny_artifact, folder)
    for name in ("model.keras", "model.onnx", "MODEL_CARD.md"):
        (folder / name).write_text(name)
    write_artifact(folder, read_artifact(tiny_artifact))
    return folder.parent


def test_copy_is_an_artifact_of_what_prediction_needs(run, tmp_path):
    spec = copy_for_prediction(run, tmp_path / "dist" / "model")
    assert {path.name for path in (tmp_path / "dist" / "model").iterdir()} == KEPT
    assert read_artifact(tmp_path / "dist" / "model") == spec
    original = read_artifact(run / "model")
    assert spec.model_dump(exclude={"files"}) == original.model_dump(exclude={"files"})
    assert spec.files.items() < original.files.items()
    assert len(read_known_codes(tmp_path / "dist" / "model")) == 0


def test_card_of_the_copy_ends_with_what_is_said_about_it(run, tmp_path):
    spec = copy_for_prediction(run, tmp_path / "copy", "## Licences\n\nCC0")
    card = (tmp_path / "copy" / "MODEL_CARD.md").read_text("utf-8")
    assert card == "MODEL_CARD.md\n## Licences\n\nCC0"
    assert read_artifact(tmp_path / "copy") == spec


def test_earlier_copy_and_empty_folder_are_replaced(run, tmp_path):
    out = tmp_path / "model"
    out.mkdir()
    first = copy_for_prediction(run, out)
    assert copy_for_prediction(run / "model", out) == first
    assert {path.name for path in out.iterdir()} == KEPT


def test_other_files_and_the_model_itself_are_never_replaced(run, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").touch()
    for out in (tmp_path / "thesis", tmp_path / "thesis" / "chapter.tex"):
        with pytest.raises(InputError, match=r"holds other files|a file"):
            copy_for_prediction(run, out)
    copy_for_prediction(run, tmp_path / "copy")
    (tmp_path / "copy" / "notes.txt").touch()
    with pytest.raises(InputError, match=r"such as notes\.txt"):
        copy_for_prediction(run, tmp_path / "copy")
    with pytest.raises(InputError, match=r"is .*model, which is read"):
        copy_for_prediction(run, run / "model")
    assert (run / "model" / "model.keras").exists()


def test_damaged_or_incomplete_model_is_not_copied(run, tiny_artifact, tmp_path):
    with pytest.raises(ArtifactError, match=r"has no MODEL_CARD\.md"):
        copy_for_prediction(tiny_artifact, tmp_path / "out")
    (run / "model" / "model.bin").write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"model\.bin: changed since"):
        copy_for_prediction(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()
