import json
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tumorscope.artifact.reader import (
    find_artifact,
    read_artifact,
    read_guard,
    read_known_codes,
)
from tumorscope.artifact.spec import (
    CHECKSUM_FILE,
    GUARD_FILE,
    KNOWN_CODES_FILE,
    KNOWN_DIGESTS_FILE,
    OPENVINO_FILE,
    SPEC_FILE,
    ArtifactSpec,
)
from tumorscope.artifact.writer import write_artifact, write_guard
from tumorscope.checksum import compute_sha256
from tumorscope.errors import ArtifactError
from tumorscope.evaluation.decisions.novelty import Subspace
from tumorscope.inference.predictor import Predictor
from tumorscope.provenance import RESEARCH_USE_ONLY


@pytest.fixture
def artifact(tiny_artifact, tmp_path):
    """A copy that a test may damage."""
    return Path(shutil.copytree(tiny_artifact, tmp_path / "model"))


def rewrite_spec(folder: Path, **changes: object) -> None:
    """Change artifact.json and vouch for it, as somebody who knows the format could."""
    document = json.loads((folder / SPEC_FILE).read_text()) | changes
    (folder / SPEC_FILE).write_text(json.dumps(document))
    checksum = compute_sha256(folder / SPEC_FILE)
    (folder / CHECKSUM_FILE).write_text(f"{checksum}  {SPEC_FILE}\n")


class TestRoundTrip:
    def test_what_was_written_is_read(self, artifact):
        spec = read_artifact(artifact)
        assert write_artifact(artifact, spec.model_copy(update={"files": {}})) == spec
        assert read_artifact(artifact) == spec

    def test_every_file_is_vouched_for(self, artifact):
        (artifact / "MODEL_CARD.md").write_text("# Card")
        spec = write_artifact(artifact, read_artifact(artifact))
        assert set(spec.files) == {
            "MODEL_CARD.md", "guard.npz", "known_codes.npy", "model.xml", "model.bin",
        }  # fmt: skip
        assert read_artifact(artifact) == spec

    def test_checksum_is_in_the_form_sha256sum_reads(self, artifact):
        line = (artifact / CHECKSUM_FILE).read_text()
        assert line == f"{compute_sha256(artifact / SPEC_FILE)}  artifact.json\n"

    def test_says_that_it_is_for_research_only(self, artifact):
        assert json.loads((artifact / SPEC_FILE).read_text())["notice"] == RESEARCH_USE_ONLY

    def test_file_added_later_does_no_harm(self, artifact):
        (artifact / "notes.txt").write_text("mine")
        assert "notes.txt" not in read_artifact(artifact).files

    @pytest.mark.parametrize("name", ["model.keras", "other.onnx", "known_digests.npy"])
    def test_file_that_nothing_vouches_for_is_refused(self, artifact, name):
        (artifact / name).write_bytes(b"mine")
        with pytest.raises(ArtifactError, match=rf"{name}: artifact\.json lists no checksum"):
            read_artifact(artifact)

    def test_weights_that_are_not_listed_are_refused(self, artifact):
        files = dict(read_artifact(artifact).files)
        del files["model.bin"]
        rewrite_spec(artifact, files=files)
        with pytest.raises(ArtifactError, match=r"model\.bin: artifact\.json lists no checksum"):
            read_artifact(artifact)

    def test_folder_may_be_anywhere(self, artifact, tmp_path):
        spec = read_artifact(artifact)
        moved = tmp_path / "Ördner mit blank" / "脑"
        moved.parent.mkdir()
        artifact.rename(moved)
        assert read_artifact(moved) == spec


class TestDamage:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", [SPEC_FILE, CHECKSUM_FILE, OPENVINO_FILE, "model.bin"])
    def test_any_changed_byte_is_detected(self, artifact, name):
        path = artifact / name
        original = path.read_bytes()
        size = len(original)
        offsets = {*range(0, size, max(size // 120, 1)), *range(max(size - 3, 0), size)}
        for offset in sorted(offsets):
            for flip in (0x01, 0x20, 0x80, 0x07):  # 0x07 makes a line feed a carriage return
                damaged = bytearray(original)
                damaged[offset] ^= flip
                path.write_bytes(damaged)
                with pytest.raises(ArtifactError, match=r"changed since|incomplete"):
                    read_artifact(artifact)
        path.write_bytes(original)
        read_artifact(artifact)

    @pytest.mark.parametrize("name", [SPEC_FILE, CHECKSUM_FILE, OPENVINO_FILE, "model.bin"])
    @pytest.mark.parametrize("change", ["cut", "longer", "empty"])
    def test_changed_length_is_detected(self, artifact, name, change):
        data = (artifact / name).read_bytes()
        changed = {"cut": data[:-1], "longer": data + b"\n", "empty": b""}[change]
        (artifact / name).write_bytes(changed)
        with pytest.raises(ArtifactError, match=r"changed since it was written"):
            read_artifact(artifact)

    @pytest.mark.parametrize("name", [SPEC_FILE, CHECKSUM_FILE, OPENVINO_FILE, "model.bin"])
    def test_missing_file_is_named(self, artifact, name):
        (artifact / name).unlink()
        with pytest.raises(ArtifactError, match=rf"incomplete artifact: .*{name}.*copy it again"):
            read_artifact(artifact)

    def test_damaged_file_is_named(self, artifact):
        (artifact / "model.bin").write_bytes(b"other weights")
        with pytest.raises(ArtifactError, match=r"model\.bin: changed since it was written"):
            read_artifact(artifact)


class TestOtherFormats:
    @pytest.mark.parametrize(
        "changes",
        [
            {"format_version": 3},
            {"format_version": 5},
            {"format_version": "x"},
            {"unknown": 1},
            {"preprocessing": {"side_px": 1, "crop_to_head": False}},
            {"threshold": 0.5},
            {"class_names": ["healthy", "tumor"]},
            {"operating_point": "best"},
            {"operating_points": {}},
            {"conformal": {"error": 0.1, "no_tumor": 0.5, "tumour": 0.5}},
            {"files": ["model.xml"]},
        ],
    )
    def test_spec_that_is_not_understood_is_refused(self, artifact, changes):
        rewrite_spec(artifact, **changes)
        with pytest.raises(ArtifactError, match=r"artifact\.json: not an artifact that this"):
            read_artifact(artifact)

    @pytest.mark.parametrize("scale", [0, -1])
    def test_scale_that_cannot_be_divided_by_is_refused(self, artifact, scale):
        rewrite_spec(artifact, cam_scale=scale)
        with pytest.raises(ArtifactError, match="not an artifact"):
            read_artifact(artifact)

    @pytest.mark.parametrize("temperature", [0, -1, "Infinity", "NaN"])
    def test_temperature_that_is_none_is_refused(self, artifact, temperature):
        rewrite_spec(artifact, temperature=temperature)
        with pytest.raises(ArtifactError, match="not an artifact"):
            read_artifact(artifact)

    @pytest.mark.parametrize("share", [-0.1, 1.5])
    @pytest.mark.parametrize(
        "changes",
        [
            lambda share: {"operating_points": {"half": share}},
            lambda share: {"conformal": {"error": share}},
            lambda share: {"conformal": {"no_tumor": share}},
            lambda share: {"conformal": {"tumor": share}},
        ],
    )
    def test_number_that_is_no_probability_is_refused(self, artifact, changes, share):
        rewrite_spec(artifact, **changes(share))
        with pytest.raises(ArtifactError, match="not an artifact"):
            read_artifact(artifact)

    def test_artifact_without_a_graph_is_refused(self, artifact):
        files = read_artifact(artifact).files
        (artifact / "model.xml").unlink()
        rewrite_spec(artifact, files={name: files[name] for name in files if name != "model.xml"})
        with pytest.raises(ArtifactError, match=r"the artifact has no model\.xml; train again"):
            read_artifact(artifact)

    @pytest.mark.parametrize(
        "name",
        ["../secret", "\ud800", "/etc/hostname", "sub/file", ".", "..", "", "a\0b", "x" * 300],
    )
    def test_path_out_of_the_folder_is_refused(self, artifact, name):
        secret = artifact.parent / "secret"
        secret.write_text("x")
        (artifact / "sub").mkdir()
        shutil.copy(secret, artifact / "sub" / "file")
        files = read_artifact(artifact).files
        rewrite_spec(artifact, files={**files, name: compute_sha256(secret)})
        with pytest.raises(ArtifactError, match=r"changed since|incomplete|not an artifact"):
            read_artifact(artifact)


class TestFindArtifact:
    def test_finds_artifact_and_run_folder(self, artifact):
        assert find_artifact(artifact) == artifact
        assert find_artifact(artifact.parent) == artifact

    @pytest.mark.parametrize("name", ["", "gone", "model/model.xml", "model/artifact.json"])
    def test_anything_else_is_named(self, tiny_artifact, tmp_path, name):
        shutil.copytree(tiny_artifact, tmp_path / "deeper" / "model")
        with pytest.raises(ArtifactError, match=r"no model here; expected a run folder"):
            find_artifact(tmp_path / name)


class TestReadKnownCodes:
    def test_codes_are_read_back(self, artifact):
        codes = np.arange(2 * 5 * 32, dtype=np.uint8).reshape(2, 5, 32)
        np.save(artifact / KNOWN_CODES_FILE, codes)
        np.testing.assert_array_equal(read_known_codes(artifact), codes)

    def test_artifact_without_codes_says_what_to_do(self, artifact):
        (artifact / KNOWN_CODES_FILE).unlink()
        with pytest.raises(ArtifactError, match=r"carries no known_codes\.npy.*train again"):
            read_known_codes(artifact)

    @pytest.mark.parametrize("content", [b"", b"no array", b"PK\x03\x04", b"\x93NUMPY"])
    def test_other_content_is_refused(self, artifact, content):
        (artifact / KNOWN_CODES_FILE).write_bytes(content)
        with pytest.raises(ArtifactError, match="not a file of codes"):
            read_known_codes(artifact)

    def test_codes_of_another_shape_are_refused(self, artifact):
        np.save(artifact / KNOWN_CODES_FILE, np.zeros((3, 32), np.uint8))
        with pytest.raises(ArtifactError, match="not codes that this version"):
            read_known_codes(artifact)

    def test_pickled_objects_are_never_loaded(self, artifact):
        np.save(artifact / KNOWN_CODES_FILE, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        with pytest.raises(ArtifactError, match="not a file of codes"):
            read_known_codes(artifact)


class TestReadGuard:
    @pytest.mark.parametrize("limit", [2.5, np.inf])
    def test_what_was_written_is_read(self, artifact, limit):
        mean, basis = np.arange(4, dtype=np.float32), np.eye(4, 2, dtype=np.float32)
        write_guard(artifact, Subspace(mean, basis, 0.5, limit))
        found = read_guard(artifact)
        np.testing.assert_array_equal(found.mean, mean)
        np.testing.assert_array_equal(found.basis, basis)
        assert (found.scale, found.limit) == (0.5, limit)

    def test_artifact_without_a_guard_says_what_to_do(self, artifact):
        (artifact / GUARD_FILE).unlink()
        with pytest.raises(ArtifactError, match=r"carries no guard\.npz.*train again"):
            read_guard(artifact)

    @pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04", b"\x93NUMPY"])
    def test_other_content_is_refused(self, artifact, content):
        (artifact / GUARD_FILE).write_bytes(content)
        with pytest.raises(ArtifactError, match="not a file of a guard"):
            read_guard(artifact)

    def test_arrays_that_do_not_fit_are_refused(self, artifact):
        write_guard(artifact, Subspace(np.zeros(3, np.float32), np.zeros((4, 2)), 1.0, 1.0))
        with pytest.raises(ArtifactError, match="not a guard that this version"):
            read_guard(artifact)

    def test_archive_without_the_arrays_is_refused(self, artifact):
        np.savez(artifact / GUARD_FILE, other=np.zeros(3))
        with pytest.raises(ArtifactError, match="not a file of a guard"):
            read_guard(artifact)

    def test_damaged_archive_is_refused_wherever_the_damage_is(self, artifact):
        mean, basis = np.arange(4, dtype=np.float32), np.eye(4, 2, dtype=np.float32)
        write_guard(artifact, Subspace(mean, basis, 0.5, 1.0))
        good = (artifact / GUARD_FILE).read_bytes()
        for offset in range(0, len(good), 7):
            damaged = bytearray(good)
            damaged[offset] ^= 0x5A
            (artifact / GUARD_FILE).write_bytes(damaged)
            with suppress(ArtifactError):  # not each byte matters
                read_guard(artifact)

    def test_arrays_of_text_are_refused(self, artifact):
        arrays = {"mean": np.array(["a"]), "basis": np.array([["b"]]), "scale": 1.0, "limit": 1.0}
        np.savez(artifact / GUARD_FILE, **arrays)
        with pytest.raises(ArtifactError, match="not a guard that this version"):
            read_guard(artifact)


class TestWorks:
    """What has its checksums, and still is no model that can answer."""

    def check(self, artifact, reason):
        write_artifact(artifact, read_spec(artifact))
        with pytest.raises(ArtifactError, match=reason):
            Predictor.load(artifact)

    @pytest.mark.parametrize("content", [b"", b"<net", b"<?xml version='1.0'?><a/>", b"\xff" * 99])
    def test_graph_that_is_none_is_refused(self, artifact, content):
        (artifact / OPENVINO_FILE).write_bytes(content)
        self.check(artifact, "not a model that works")

    def test_graph_that_does_not_answer_as_it_should_is_refused(self, artifact):
        graph = (artifact / OPENVINO_FILE).read_text()
        (artifact / OPENVINO_FILE).write_text(graph.replace("features", "fertures"))
        self.check(artifact, "not a model that works")

    def test_weights_that_are_too_few_are_refused(self, artifact):
        (artifact / "model.bin").write_bytes(b"")
        self.check(artifact, "not a model that works")

    def test_guard_of_another_network_is_refused(self, artifact):
        write_guard(
            artifact, Subspace(np.zeros(4, np.float32), np.eye(4, 2, dtype=np.float32), 1, 1)
        )
        self.check(artifact, "its guard is not that of its network")

    def test_network_of_another_size_is_refused(self, artifact):
        spec = json.loads((artifact / SPEC_FILE).read_text())
        rewrite_spec(artifact, preprocessing={**spec["preprocessing"], "side_px": 48})
        self.check(artifact, "takes slices of another size")

    def test_digests_that_are_none_are_refused(self, artifact):
        np.save(artifact / KNOWN_DIGESTS_FILE, np.zeros((3, 9), np.uint8))
        self.check(artifact, "not digests that this version")


def read_spec(folder: Path) -> ArtifactSpec:
    return ArtifactSpec.model_validate_json((folder / SPEC_FILE).read_bytes())
