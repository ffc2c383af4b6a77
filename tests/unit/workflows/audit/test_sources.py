import numpy as np
import pytest
from PIL import Image

from scan_files import make_nifti
from tumorscope.dataset.class_names import read_class_names
from tumorscope.errors import InputError
from tumorscope.progress import ignore_progress
from tumorscope.workflows.audit.sources import find_sources

VOLUME = np.random.default_rng(1).integers(0, 4000, (48, 40, 6)).astype(np.int16)


@pytest.fixture
def data(tmp_path, write_slice):
    """A folder of classes and a volume, and tables of a picture and a volume with its mask."""
    write_slice(tmp_path / "heads/no/a.png", 60)
    write_slice(tmp_path / "heads/other/b.png", 80)
    (tmp_path / "heads/yes/p1").mkdir(parents=True)
    (tmp_path / "heads/yes/p1/brain.nii").write_bytes(make_nifti(VOLUME))
    write_slice(tmp_path / "t/c.png", 90)
    mask = np.zeros(VOLUME.shape, np.uint8)
    mask[10:20, 10:20, 2:4] = 1
    (tmp_path / "t/brain.nii").write_bytes(make_nifti(VOLUME + 1))
    (tmp_path / "t/mask.nii").write_bytes(make_nifti(mask))
    (tmp_path / "t/torn.nii").write_bytes(make_nifti(VOLUME)[:-99])
    (tmp_path / "t/table.csv").write_text(
        "path,label,mask,plane,patient_id\nc.png,0,,axial,\nbrain.nii,1,mask.nii,axial,P1\n"
        "torn.nii,1,,,\n"
    )
    return tmp_path


def find(data, *given, positive="yes"):
    names = read_class_names(positive)
    return find_sources([data / name for name in given], names, data / "home", ignore_progress)


def test_files_of_folders_and_tables_are_labelled_as_for_a_training(data):
    (names, files, left_out), untold = find(data, "t/table.csv", "heads")
    assert (names, untold) == (["table.csv", "heads"], [])
    told = {
        file.path.as_posix(): (names[file.folder], file.label_name, file.label) for file in files
    }
    assert told == {
        "c.png": ("table.csv", "0", 0),
        **{f"brain.nii#00{at}": ("table.csv", "0", 0) for at in (0, 1, 4, 5)},
        **{f"brain.nii#00{at}": ("table.csv", "1", 1) for at in (2, 3)},
        "no/a.png": ("heads", "no", 0),
        "other/b.png": ("heads", "other", None),
        **{f"yes/p1/brain.nii#00{at}": ("heads", "yes", 1) for at in range(6)},
    }
    assert [(one.folder, one.path.as_posix()) for one in left_out] == [(0, "torn.nii")]


def test_a_folder_of_one_class_inside_of_the_other_is_said_as_for_a_training(data, write_slice):
    write_slice(data / "heads/yes/no/d.png", 70)
    (_, files, _), (reason,) = find(data, "heads")
    assert "yes/no: a folder named as one class inside of the other" in reason
    assert {file.label for file in files} == {None}


def test_what_is_known_of_a_slice_is_kept(data):
    files = {
        file.path.as_posix(): file for file in find(data, "heads", "t/table.csv").listing.files
    }
    of_table, of_folder = files["brain.nii#003"], files["yes/p1/brain.nii#003"]
    assert (of_table.details["patient_id"], of_table.details["plane"]) == ("P1", "axial")
    for file, source in ((of_table, "table.csv"), (of_folder, "heads")):
        assert (file.details["source"], file.details["slice"]) == (source, "3")
        assert file.is_unpacked
        assert file.is_told_apart
        Image.open(file.file).close()
    assert not files["c.png"].is_told_apart


def test_a_folder_without_the_classes_is_read_without_labels(data):
    (_, files, _), untold = find(data, "heads", positive="glioma")
    assert len(files) == 8
    assert {file.label for file in files} == {None}
    assert "heads: expected images of two classes, 'glioma'" in untold[0]


def test_a_file_in_two_sources_is_refused(data):
    (data / "t/again.csv").write_text("path,label\n../heads/no/a.png,no\nc.png,yes\n")
    with pytest.raises(InputError, match=r"a\.png: listed by both heads and again\.csv"):
        find(data, "heads", "t/again.csv")
    with pytest.raises(InputError, match="given twice"):
        find(data, "t/table.csv", "t/../t/table.csv")
