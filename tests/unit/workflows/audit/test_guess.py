from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.auditing.folders import FoundFile
from tumorscope.workflows.audit.guess import measure_guesses

ALONE = "all slices are of one class"
NOTHING = "nothing is known of the slices besides their pictures"


def make_files(labels, source="a", is_unpacked=False, **columns):
    """Make a file for each label; a column holds a value for each, or one for all."""
    files = []
    for row, label in enumerate(labels):
        values = {
            name: value if isinstance(value, str) else str(value[row])
            for name, value in columns.items()
        }
        place = Path(f"{source}/{row}.png")
        details = {"source": source, **values}
        files.append(FoundFile(0, place, "", place, label, details, is_unpacked))
    return files


def measure(files, untold=()):
    return measure_guesses(files, pd.Series(range(len(files))), untold)


@pytest.fixture
def heads():
    """Ten volumes of eleven slices: tumors from the fifth to the seventh."""
    number = np.tile(np.arange(11), 10)
    labels = ((number >= 4) & (number <= 6)).astype(int).tolist()
    series = np.repeat([f"h{head}.nii" for head in range(10)], 11)
    return make_files(labels, is_unpacked=True, series=series, slice=number)


def test_the_level_that_gives_the_label_away_is_found(heads):
    guess = measure(heads)
    labels = np.array([file.label for file in heads])
    fifth = np.minimum(np.tile(np.arange(11), 10) // 2, 4)
    share = pd.Series(labels).groupby(fifth).transform("mean")
    assert guess["by"] == {"level": pytest.approx(roc_auc_score(labels, share))}
    assert (guess["slices"], guess["within"], guess["left_out"]) == (110, {}, [])


def test_several_sources_are_known_and_each_is_looked_into():
    planes = ["axial", "axial", "sagittal", "sagittal"] * 10
    told = make_files([1, 1, 0, 0] * 10, "told", plane=planes)
    mixed = make_files([1, 0, 1, 0] * 10, "mixed", plane=planes)
    healthy = make_files([0] * 40, "healthy", plane=planes)
    guess = measure([*told, *mixed, *healthy])
    assert list(guess["by"]) == ["plane", "source", "together"]
    labels = [file.label for file in (*told, *mixed, *healthy)]
    share = np.repeat([0.5, 0.5, 0.0], 40)
    assert guess["by"]["source"] == pytest.approx(roc_auc_score(labels, share))
    assert guess["within"] == {"mixed": pytest.approx(0.5), "told": 1.0}


def test_what_one_patient_has_alone_tells_nothing_of_others():
    sequences = np.repeat(["T1", "T2"], 20)
    labels = np.repeat([1, 0], 20).tolist()
    (by_slice,) = measure(make_files(labels, sequence=sequences))["by"].values()
    patients = make_files(labels, sequence=sequences, patient_id=sequences)
    (by_patient,) = measure(patients)["by"].values()
    assert (by_slice, by_patient) == (1.0, 0.5)


def test_copies_are_one_group():
    sequences = np.repeat(["T1", "T2"], 4)
    files = make_files([1, 1, 1, 1, 0, 0, 0, 0], sequence=sequences)
    copies = pd.Series([0, 0, 0, 0, 1, 1, 1, 1])
    assert measure_guesses(files, copies, ())["by"] == {"sequence": 0.5}


@pytest.mark.parametrize(
    ("files", "untold", "left_out"),
    [
        (make_files([1, 0]), (), [NOTHING]),
        (make_files([1, 1], plane="axial"), (), [ALONE]),
        (make_files([None, None], plane="axial"), ("a: no classes",), ["a: no classes"]),
    ],
)
def test_where_nothing_can_be_guessed_it_is_said_why(files, untold, left_out):
    guess = measure(files, untold)
    assert (guess["by"], guess["within"], guess["left_out"]) == ({}, {}, left_out)


def test_slices_without_a_label_are_not_counted(heads):
    unlabelled = make_files([None] * 5, "b", plane="axial")
    guess = measure([*heads, *unlabelled], ["b: no classes"])
    assert (guess["slices"], list(guess["by"])) == (110, ["level"])
    assert guess["left_out"] == ["b: no classes"]
