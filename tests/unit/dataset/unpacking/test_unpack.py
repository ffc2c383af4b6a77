import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scan_files import make_nifti, make_segmentation, make_series, make_zip
from tumorscope.dataset.manifest import read_manifest, read_table, write_table
from tumorscope.dataset.unpacking.origins import name_origins, read_by_origin
from tumorscope.dataset.unpacking.writer import NO_LESION
from tumorscope.errors import InputError
from tumorscope.scans.find import find_scans
from tumorscope.scans.images import read_slice

SLICES = 6


def make_volume(seed=0):
    """A volume of deep gray, slices first, different in each."""
    return np.random.default_rng(seed).integers(0, 4000, (SLICES, 40, 48)).astype(np.uint16)


def turn(volume):
    return np.ascontiguousarray(volume.transpose(2, 1, 0))


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def write(data):
    """Write named contents below the data folder."""

    def write_files(files):
        for name, content in files.items():
            path = data / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write_files


@pytest.fixture
def run(tmp_path):
    return tmp_path / "run"


def name_series_files(volume, prefix, **elements):
    files = make_series(volume, PixelSpacing=[1, 1], **elements)
    return {f"{prefix}{number}": content for number, content in enumerate(files)}


class TestFolderOfClasses:
    @pytest.fixture
    def manifest(self, write, write_slice, data, run):
        """A folder that mixes what there is: nothing has the ending that belongs to it."""
        write(
            {
                "yes/volume": make_nifti(turn(make_volume(1)), is_packed=True),
                "yes/study.zip": make_zip(name_series_files(make_volume(2), "IM")),
                "no/notes.json": "{}",
                "no/.hidden/volume.nii": make_nifti(turn(make_volume(3))),
                **name_series_files(
                    make_volume(4), "no/deep/er/IM", SeriesInstanceUID="1.7", PatientID="other"
                ),
            }
        )
        write_slice(data / "no/a.png", 60)
        manifest, rejected = read_manifest(data, home=run)
        assert rejected.empty
        return manifest

    def test_slices_are_those_that_predict_reads(self, manifest, data):
        assert len(manifest) == 3 * SLICES + 1
        shown = {
            one.name: one.image
            for scan in find_scans([data / "yes", data / "no/a.png", data / "no/deep"])
            for one in scan.read()
        }
        assert set(name_origins(manifest)) == set(shown)
        read = read_by_origin(manifest)
        for name, path in zip(name_origins(manifest), manifest["path"], strict=True):
            np.testing.assert_array_equal(read_slice(Path(path)), shown[name])
            np.testing.assert_array_equal(read(name), shown[name])

    def test_slices_have_label_series_and_place(self, manifest):
        assert manifest["label"].tolist() == [0] + [1] * 2 * SLICES + [0] * SLICES
        unpacked = manifest[manifest["unpacked_from"].notna()]
        assert unpacked["slice"].tolist() == [*range(SLICES)] * 3
        assert unpacked.groupby("series").size().tolist() == [SLICES] * 3
        assert manifest["series"].isna().tolist() == manifest["slice"].isna().tolist()
        assert manifest["group"].tolist() == [0] + [1] * SLICES + [2] * SLICES + [3] * SLICES

    def test_patients_are_codes_of_the_run_and_nothing_else_of_a_header_is_told(
        self, manifest, run, data
    ):
        codes = manifest["patient_id"].dropna()
        assert codes.nunique() == 2
        assert codes.map(lambda code: bool(re.fullmatch("[0-9a-f]{16}", code))).all()
        assert manifest["patient_id"].isna().sum() == 1 + SLICES  # the picture and the volume
        write_table(run / "manifest.csv", manifest)
        text = (run / "manifest.csv").read_text()
        assert not [word for word in ("4711", "Secret", "other") if word in text]
        again, _ = read_manifest(data, home=run)
        pd.testing.assert_frame_equal(again, manifest)
        elsewhere, _ = read_manifest(data, home=run.with_name("second"))
        assert not set(elsewhere["patient_id"].dropna()) & set(codes)
        assert elsewhere["sha256"].tolist() == manifest["sha256"].tolist()

    def test_table_is_read_back_as_it_was(self, manifest, run):
        write_table(run / "manifest.csv", manifest)
        read = read_table(run / "manifest.csv")
        pd.testing.assert_frame_equal(read, manifest, check_dtype=False)


def test_a_folder_of_pictures_leaves_nothing_in_the_run(image_folder, run):
    with_home, without = read_manifest(image_folder, home=run), read_manifest(image_folder)
    pd.testing.assert_frame_equal(with_home[0], without[0])
    assert not run.exists()


def test_scans_without_a_folder_for_their_slices_are_refused(write, data, write_slice):
    write_slice(data / "no/a.png", 60)
    write({"yes/volume.nii": make_nifti(turn(make_volume()))})
    with pytest.raises(InputError, match=r"volume\.nii: no picture, and there is no folder"):
        read_manifest(data)


def test_slices_of_one_series_in_both_classes_have_one_window(write, data, run):
    volume = make_volume()
    volume[3:] //= 4  # so that windows of its own would show them as bright as the others
    files = name_series_files(volume, "")
    write({f"{'yes' if int(name) < 3 else 'no'}/{name}": files[name] for name in files})
    manifest, _ = read_manifest(data, home=run)
    assert sorted(manifest["label"]) == [0, 0, 0, 1, 1, 1]
    means = [read_slice(Path(path)).mean() for path in manifest["path"]]
    assert max(means[3:]) < min(means[:3]) / 2
    assert manifest["group"].nunique() == 1


def test_one_bad_file_does_not_stop_the_others(write, data, run, write_slice):
    empty = turn(make_volume(5))
    empty[..., :3] = 0
    labels = np.zeros((48, 40, 6), np.uint8)
    labels[5:9, 5:9, 2] = 1
    write(
        {
            "yes/good.nii": make_nifti(turn(make_volume())),
            "yes/torn.nii": make_nifti(turn(make_volume()))[:-99],
            "yes/labels.nii": make_nifti(labels),
            "yes/broken.zip": b"PK\x03\x04",
            "yes/unknown.mat": b"MATLAB",
            "no/empty_ends.nii": make_nifti(empty),
        }
    )
    manifest, rejected = read_manifest(data, home=run)
    assert len(manifest) == SLICES + SLICES - 3
    reasons = dict(
        zip(rejected["path"].str.removeprefix(f"{data}/"), rejected["reason"], strict=True)
    )
    assert reasons.keys() == {
        "yes/torn.nii",
        "yes/labels.nii",
        "yes/broken.zip",
        "yes/unknown.mat",
        "no/empty_ends.nii",
    }
    assert "truncated" in reasons["yes/torn.nii"]
    assert "a mask and no scan" in reasons["yes/labels.nii"]
    assert "zip file" in reasons["yes/broken.zip"]
    assert "DICOM, NIfTI or zip file" in reasons["yes/unknown.mat"]
    assert reasons["no/empty_ends.nii"].startswith("3 of 6 slices left out: every pixel")


def test_files_of_two_patients_under_one_series_are_refused(write, data, run, write_slice):
    one, other = (make_series(make_volume(seed), PatientID=f"P{seed}") for seed in (1, 2))
    mixed = [*one[:3], *other[3:]]
    write({f"yes/{number}": content for number, content in enumerate(mixed)})
    write({"yes/v.nii": make_nifti(turn(make_volume(3)))})
    write_slice(data / "no/a.png", 60)
    manifest, rejected = read_manifest(data, home=run)
    assert len(manifest) == SLICES + 1
    (reason,) = rejected["reason"]
    assert reason.startswith("files of 2 patients under one series UID")
    assert "P1" not in reason


class TestTable:
    def test_a_row_may_be_a_volume_a_folder_or_an_archive(self, write, data, run):
        write(
            {
                "volume.nii.gz": make_nifti(turn(make_volume(1)), is_packed=True),
                "study.zip": make_zip(name_series_files(make_volume(2), "IM")),
                **name_series_files(make_volume(3), "head/IM"),
                "all.csv": "path,label,patient_id,site,scanner,group\n"
                "volume.nii.gz,yes,P1,A,x,g\nstudy.zip,no,,B,,\nhead,no,P3,,y,\n",
            }
        )
        manifest, rejected = read_manifest(data / "all.csv", home=run)
        assert rejected.empty
        parts = manifest.groupby(manifest.index // SLICES)
        assert parts["label"].unique().map(list).tolist() == [[1], [0], [0]]
        first = manifest.iloc[::SLICES].reset_index(drop=True)
        assert (first["patient_id"][0], first["patient_id"][2]) == ("P1", "P3")
        assert len(first["patient_id"][1]) == 16
        assert first["site"].fillna("-").tolist() == ["A", "B", "-"]
        assert first["scanner"].fillna("-").tolist() == ["x", "-", "y"]
        assert first["group of the data"][0] == "g"

    def test_the_plane_of_a_row_is_how_its_volume_is_cut(self, write, data, run):
        write(
            {
                "a.nii": make_nifti(np.pad(turn(make_volume(1)), ((0, 0), (0, 0), (0, 30)))),
                "b.nii": make_nifti(turn(make_volume(2))),
                "all.csv": "path,label,plane\na.nii,yes,sagittal\nb.nii,no,\n",
            }
        )
        manifest, _ = read_manifest(data / "all.csv", home=run)
        assert (manifest["label"] == 1).sum() == 48

    @pytest.mark.parametrize("kind", ["nifti", "segmentation"])
    def test_slices_of_a_volume_with_a_mask_have_their_own_labels(self, write, data, run, kind):
        lesion = np.zeros((SLICES, 40, 48), bool)
        lesion[2, 10:14, 30:36] = lesion[3, 11:13, 31] = True
        if kind == "nifti":
            scan = {"scan": make_nifti(turn(make_volume()))}
            mask = make_nifti(turn(lesion.astype(np.uint8)))
        else:
            scan = name_series_files(make_volume(), "scan/")
            mask = make_segmentation(lesion[2:4], [2, 3])
        write({**scan, "mask": mask, "all.csv": "path,label,mask\nscan,glioma,mask\n"})
        manifest, rejected = read_manifest(data / "all.csv", "glioma", home=run)
        assert rejected.empty
        assert manifest["label"].tolist() == [0, 0, 1, 1, 0, 0]
        assert manifest["label_name"].tolist() == [
            *[NO_LESION] * 2, "glioma", "glioma", *[NO_LESION] * 2
        ]  # fmt: skip
        assert manifest["mask"].notna().tolist() == [False, False, True, True, False, False]
        for place in (2, 3):
            white = read_slice(Path(manifest["mask"][place]))[..., 0]
            expected = lesion[place] if kind != "nifti" else lesion[place][::-1, ::-1]
            np.testing.assert_array_equal(white, 255 * expected)

    @pytest.mark.parametrize(
        ("label", "mask", "reason"),
        [
            ("no", "lesion.nii", "labelled 'no', and its mask shows a lesion"),
            ("yes", "moved.nii", "does not lie on its slices, pixel on pixel"),
            ("yes", "none.nii", "none.nii: shows no lesion"),
            ("yes", "other.nii", "not the mask of a volume"),
            ("yes", "gone.nii", "gone.nii: cannot be read: No such file or directory"),
        ],
    )
    def test_a_mask_that_does_not_fit_is_told(self, write, data, run, label, mask, reason):
        lesion = np.zeros((48, 40, SLICES), np.uint8)
        lesion[5:9, 5:9, 2] = 1
        write(
            {
                "a.nii": make_nifti(turn(make_volume(1))),
                "b.nii": make_nifti(turn(make_volume(2))),
                "c.nii": make_nifti(turn(make_volume(3))),
                "lesion.nii": make_nifti(lesion),
                "moved.nii": make_nifti(lesion, np.eye(4) + np.eye(4, k=3)),
                "none.nii": make_nifti(0 * lesion),
                "other.nii": "text",
                "all.csv": f"path,label,mask\na.nii,{label},{mask}\nb.nii,yes,\nc.nii,no,\n",
            }
        )
        manifest, rejected = read_manifest(data / "all.csv", home=run)
        assert len(manifest) == 2 * SLICES
        assert rejected["path"].tolist() == [str(data / "a.nii")]
        assert reason in rejected["reason"][0]

    def test_a_repeated_slice_with_and_without_a_lesion_is_left_out_where_it_has_none(
        self, write, data, run
    ):
        volume = make_volume()
        volume[3] = volume[2]
        lesion = np.zeros((48, 40, SLICES), np.uint8)
        lesion[5:9, 5:9, 2] = 1
        write(
            {
                "a.nii": make_nifti(turn(volume)),
                "mask.nii": make_nifti(lesion),
                "all.csv": "path,label,mask\na.nii,yes,mask.nii\n",
            }
        )
        manifest, rejected = read_manifest(data / "all.csv", home=run)
        assert manifest["slice"].tolist() == [0, 1, 2, 4, 5]
        assert manifest["label"].tolist() == [0, 0, 1, 0, 0]
        assert rejected["path"].tolist() == [str(data / "a.nii#003")]

    def test_a_segmentation_beside_its_series_is_found_by_its_place(self, write, data, run):
        lesion = np.zeros((1, 40, 48), bool)
        lesion[0, 10:14, 30:36] = True
        write(
            {
                **name_series_files(make_volume(1), "yes/a/"),
                "yes/a/mask": make_segmentation(lesion, [4]),
                "yes/a/stray": make_segmentation(lesion, [40]),
                "no/b": make_nifti(turn(make_volume(2))),
            }
        )
        manifest, rejected = read_manifest(data, home=run)
        assert len(manifest) == 2 * SLICES
        assert manifest.loc[manifest["label"] == 1, "slice"].tolist() == [4]
        assert rejected["path"].tolist() == [str(data / "yes/a/stray")]
        assert "lies on no scan beside it" in rejected["reason"][0]


def test_unpacking_tells_how_far_it_is(write, data, run):
    write({f"{label}/a.nii": make_nifti(turn(make_volume(len(label)))) for label in ("no", "yes")})
    seen = []
    read_manifest(data, on_progress=lambda *report: seen.append(report), home=run)
    assert seen[: 2 * SLICES] == [
        ("unpacking slices", done, 0) for done in range(1, 2 * SLICES + 1)
    ]


def test_a_killed_unpacking_leaves_no_slices(write, data, run):
    write({f"{label}/a.nii": make_nifti(turn(make_volume(len(label)))) for label in ("no", "yes")})

    def stop(stage, done, _):
        if (stage, done) == ("unpacking slices", SLICES + 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_manifest(data, on_progress=stop, home=run)
    assert [path.name for path in run.iterdir()] == ["salt"]
