"""What a run leaves behind, with every option of the training on."""

import base64
import json
import re
import subprocess
import sys

import pandas as pd
import pytest

import tumorscope
from tumorscope.artifact.reader import read_artifact
from tumorscope.errors import InputError, RecipeError
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.decision import fit_decision
from tumorscope.provenance import RESEARCH_USE_ONLY


def test_the_run_folder_is_complete(phantom_run):
    expected = """
        recipe.yaml environment.json log.txt manifest.csv rejected.csv history.csv report.html
        checkpoints/last.npz checkpoints/best.npz
        model/model.keras model/model.xml model/model.bin model/model.onnx
        model/guard.npz model/artifact.json model/artifact.json.sha256 model/MODEL_CARD.md
        evaluation/metrics.json evaluation/predictions.csv evaluation/history.png
        evaluation/history.svg evaluation/confusion_matrix.png evaluation/roc.png
        evaluation/precision_recall.png evaluation/mistakes.png
        evaluation/reliability.png evaluation/reliability.svg
        explanations/contact_sheet.png explanations/overlays
    """
    assert [name for name in expected.split() if not (phantom_run / name).exists()] == []


def test_early_stopping_ends_a_phase_and_the_next_one_follows(phantom_run):
    history = pd.read_csv(phantom_run / "history.csv")
    assert history["epoch"].tolist() == list(range(1, len(history) + 1))
    assert history["phase"].tolist()[-1] == "fine_tune"
    frozen = history[history["phase"] == "frozen"]["val_loss"]
    assert len(frozen) == 4 or frozen.iloc[-1] >= frozen.iloc[:-1].min()


def test_tensorboard_logs_have_the_loss_of_each_epoch(phantom_run):
    epochs = len(pd.read_csv(phantom_run / "history.csv"))
    for part in ("train", "validation"):
        logs = (phantom_run / "tensorboard" / part).glob("events.out.*")
        assert sum(log.read_bytes().count(b"epoch_loss") for log in logs) == epochs


def test_the_report_is_one_page_that_loads_nothing_and_says_what_it_is_for(phantom_run):
    page = (phantom_run / "report.html").read_text("utf-8")
    assert RESEARCH_USE_ONLY in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    assert page.count("data:image/png;base64,") == 7
    assert "Missing: " not in page
    assert "None of these slices has a known copy in training." in page


def test_the_model_card_has_the_figures_of_the_evaluation(phantom_run):
    metrics = json.loads((phantom_run / "evaluation" / "metrics.json").read_text())
    card = (phantom_run / "model" / "MODEL_CARD.md").read_text("utf-8")
    row = next(line for line in card.splitlines() if line.startswith("| Log loss |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{metrics['log_loss']:.3f}"
    assert cells[3] == f"{metrics['per_group']['log_loss']:.3f}"
    low, high = metrics["intervals"]["log_loss"]
    assert cells[2] == f"{low:.3f}\N{EN DASH}{high:.3f}"


@pytest.mark.usefixtures("blank_figures")
def test_evaluating_again_gives_the_same_figures(phantom_run):
    before = (phantom_run / "evaluation" / "metrics.json").read_text()
    tumorscope.evaluate(phantom_run)
    assert (phantom_run / "evaluation" / "metrics.json").read_text() == before


def test_the_artifact_holds_what_the_validation_slices_decided(phantom_run):
    spec = read_artifact(phantom_run / "model")
    slices = pd.read_csv(phantom_run / "evaluation" / "predictions.csv")
    decision = fit_decision(slices["label"], slices["raw_probability"], slices["group"], 0.95, 0.1)
    assert spec.temperature == decision.temperature
    assert list(spec.operating_points.items()) == [p[:2] for p in decision.operating_points]
    assert (spec.operating_point, spec.conformal.error) == ("half", 0.1)
    assert spec.conformal.limits == decision.limits
    calibrated = apply_temperature(slices["raw_probability"], spec.temperature)
    assert slices["probability"].tolist() == calibrated.tolist()
    # Four groups of a class are too few to exclude it.
    assert set(slices["verdict"]) == {"uncertain"}


@pytest.mark.usefixtures("blank_figures")
def test_other_slices_are_measured_apart(phantom_run, tmp_path):
    tumorscope.phantom(tmp_path / "other", count=10, seed=9)
    metrics = tumorscope.evaluate(phantom_run, tmp_path / "other", tmp_path / "results")
    assert metrics["clean"]["slices"] == 10
    document = json.loads((tmp_path / "results" / "metrics.json").read_text())
    assert document["part"] == str(tmp_path / "other")
    assert not (tmp_path / "results" / "history.png").exists()


def test_explaining_draws_as_many_slices_as_asked_and_renews_the_report(phantom_run):
    before = (phantom_run / "report.html").read_text("utf-8")
    sheet = tumorscope.explain(phantom_run, count=3)
    assert sheet.is_file()
    assert len(list((phantom_run / "explanations" / "overlays").iterdir())) == 3
    encoded = base64.b64encode(sheet.read_bytes()).decode()
    assert encoded not in before
    assert encoded in (phantom_run / "report.html").read_text("utf-8")


def test_an_evaluation_never_replaces_a_folder_of_other_files(phantom_run, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="holds other files"):
        tumorscope.evaluate(phantom_run, out=tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_run_folder_is_never_overwritten(phantom_run):
    data = phantom_run.parent / "slices"
    with pytest.raises(InputError, match="--resume"):
        tumorscope.train(data, phantom_run)


def test_a_run_is_not_resumed_with_other_settings(phantom_run):
    data = phantom_run.parent / "slices"
    with pytest.raises(RecipeError, match="other settings"):
        tumorscope.train(data, phantom_run, recipe="notebook", resume=True)


def test_training_slices_and_validation_slices_are_apart(phantom_run):
    manifest = pd.read_csv(phantom_run / "manifest.csv")
    predictions = pd.read_csv(phantom_run / "evaluation" / "predictions.csv")
    training = manifest[manifest["split"] == "train"]
    assert not set(training["path"]) & set(predictions["path"])
    assert not set(training["group"]) & set(manifest[manifest["split"] != "train"]["group"])


def test_weights_that_cannot_be_had_leave_no_run_behind(phantom_run, tmp_path):
    data = phantom_run.parent / "slices"
    with pytest.raises(InputError, match="no such weights file"):
        tumorscope.train(data, tmp_path / "run", overrides=["model.weights=gone.pth"])
    assert not (tmp_path / "run").exists()


def test_training_without_its_extra_says_what_to_install(phantom_run, tmp_path):
    code = (
        "import sys; sys.modules['keras'] = None;"
        "from tumorscope.cli.main import main; sys.argv[0] = 'tumorscope'; main()"
    )
    arguments = ["train", phantom_run.parent / "slices", "--out", tmp_path / "run", "--quiet"]
    outcome = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=False
    )
    assert outcome.returncode == 1
    assert b"pip install '.[train]'" in outcome.stderr
    assert not (tmp_path / "run").exists()


def test_resuming_in_a_folder_of_other_files_touches_nothing(phantom_run, tmp_path):
    foreign = tmp_path / "work" / ".partial-draft"
    foreign.mkdir(parents=True)
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match=r"holds thesis\.txt and no run to resume"):
        tumorscope.train(phantom_run.parent / "slices", tmp_path, resume=True)
    assert foreign.is_dir()


@pytest.mark.usefixtures("blank_figures")
def test_resuming_a_finished_run_renews_its_results_without_training(phantom_run):
    trained = (phantom_run / "model" / "artifact.json").stat().st_mtime_ns
    recipe = phantom_run / "recipe.yaml"
    (phantom_run / "evaluation" / "metrics.json").unlink()
    (phantom_run / "evaluation").rename(phantom_run / "old")
    tumorscope.train(phantom_run.parent / "slices", phantom_run, recipe=recipe, resume=True)
    assert (phantom_run / "evaluation" / "metrics.json").exists()
    assert (phantom_run / "model" / "artifact.json").stat().st_mtime_ns == trained
