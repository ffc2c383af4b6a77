import json

import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.workflows.evaluate import evaluate


@pytest.fixture
def labelled(write_slice, tmp_path):
    """Three dark slices without and three bright ones with a tumor: the tiny model is right."""
    for index in range(3):
        write_slice(tmp_path / "data" / "no" / f"{index}.png", 20 + index)
        write_slice(tmp_path / "data" / "yes" / f"{index}.png", 150 + index)
    (tmp_path / "data" / "no" / "bad.png").touch()
    return tmp_path / "data"


def test_other_data_are_measured(tiny_artifact, labelled, tmp_path):
    out = tmp_path / "results"
    metrics = evaluate(tiny_artifact, labelled, out)
    assert metrics["accuracy"] == 1
    assert metrics["slices"] == 6
    assert json.loads((out / "metrics.json").read_text())["accuracy"] == 1
    predictions = pd.read_csv(out / "predictions.csv")
    assert predictions["correct"].all()
    assert len(pd.read_csv(out / "rejected.csv")) == 1
    evaluate(tiny_artifact, labelled, out)  # replaces an earlier evaluation


def test_folder_of_something_else_is_not_replaced(tiny_artifact, labelled):
    with pytest.raises(InputError, match="data: holds other files; choose a new folder"):
        evaluate(tiny_artifact, labelled, labelled)
    assert (labelled / "no" / "0.png").exists()


def test_file_in_place_of_the_folder_is_an_input_error(tiny_artifact, labelled, tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(InputError, match="results"):
        evaluate(tiny_artifact, labelled, tmp_path / "results")


def test_out_is_required_with_data(tiny_artifact, labelled):
    with pytest.raises(InputError, match="--out FOLDER"):
        evaluate(tiny_artifact, labelled)


def test_artifact_has_no_validation_part(tiny_artifact):
    with pytest.raises(InputError, match="not a run folder, so it has no validation part"):
        evaluate(tiny_artifact)
