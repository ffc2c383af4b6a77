import pytest

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.writer import write_artifact


def test_own_files_do_not_vouch_for_themselves(tiny_artifact, tmp_path):
    (tmp_path / "model.xml").write_text("<net/>")
    first = write_artifact(tmp_path, read_artifact(tiny_artifact))
    second = write_artifact(tmp_path, first)
    assert first == second
    assert list(second.files) == ["model.xml"]


def test_given_spec_is_not_changed(tiny_artifact, tmp_path):
    spec = read_artifact(tiny_artifact)
    before = spec.model_dump()
    (tmp_path / "model.xml").write_text("<net/>")
    write_artifact(tmp_path, spec)
    assert spec.model_dump() == before


def test_folder_without_a_graph_is_written_but_not_read(tiny_artifact, tmp_path):
    write_artifact(tmp_path, read_artifact(tiny_artifact))
    with pytest.raises(ValueError, match=r"no model\.xml"):
        read_artifact(tmp_path)
