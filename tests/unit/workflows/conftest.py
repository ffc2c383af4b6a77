import shutil
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.errors import TumorscopeError
from tumorscope.evaluation.summary import summarize_scores
from tumorscope.workflows.crossval.command import crossval
from tumorscope.workflows.crossval.fold import PREDICTIONS_FILE, find_fold_folder, train_fold


class Trainer:
    """Stands in for the training: keeps what it was shown, answers by a slice's number."""

    def __init__(self) -> None:
        self.shown: list[pd.DataFrame] = []
        self.asked: list[pd.DataFrame] = []
        self.guarded: list[pd.DataFrame] = []
        self.fails_at: int | None = None

    def train_classifier(self, *arguments) -> pd.DataFrame:
        _, _, manifest, run, on_progress = arguments
        self.shown.append(manifest)
        if len(self.shown) == self.fails_at:
            raise TumorscopeError("no memory left")
        (run / "checkpoints").mkdir(parents=True)
        on_progress(1, 2)
        on_progress(2, 2)
        epochs = {"epoch": [1, 2], "phase": ["frozen", "fine_tune"], "val_loss": [0.5, 0.4]}
        return pd.DataFrame({**epochs, "seconds": [1.0, 1.0]})

    def export_graph(self, _: object, folder: Path) -> Path:
        assert folder.is_dir()
        return folder / "model.xml"

    def fit_guard(self, *arguments) -> None:
        _, training, _, _ = arguments
        self.guarded.append(training)

    def find_reasons(self, *arguments) -> list[str | None]:
        """Refuse the slices whose number ends in 7."""
        _, _, paths, _ = arguments
        return ["unlike" if Path(path).stem.endswith("7") else None for path in paths]

    def score_slices(self, *arguments) -> np.ndarray:
        _, slices, _ = arguments
        self.asked.append(slices)
        numbers = slices["path"].str.extract(r"(\d+)\.\w+$")[0].astype(int)
        noise = np.random.default_rng(0).normal(size=1000)[numbers]
        return 1 / (1 + np.exp(-(3 * slices["label"] - 1.5 + noise).to_numpy()))


class FoldsInThisProcess:
    """Trains folds one after the other, here."""

    def __init__(self, cv: Path, *_: object) -> None:
        self._cv = cv

    def train(self, folds) -> None:
        for repeat, fold in folds:
            if not (find_fold_folder(self._cv, repeat, fold) / PREDICTIONS_FILE).exists():
                train_fold(self._cv, repeat, fold, lambda *_: None)


def put_trainer(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """Put a stub in the place of training with TensorFlow."""
    stub = Trainer()
    training, scoring, export = (ModuleType(name) for name in ("trainer", "scoring", "export"))
    export.export_graph = stub.export_graph
    training.prepare_classifier = lambda *_: None
    training.train_classifier = stub.train_classifier
    scoring.score_slices = stub.score_slices
    monkeypatch.setitem(sys.modules, "tumorscope.training.trainer", training)
    monkeypatch.setitem(sys.modules, "tumorscope.training.scoring", scoring)
    monkeypatch.setitem(sys.modules, "tumorscope.model.export", export)
    monkeypatch.setattr("tumorscope.workflows.crossval.fold.Engine", lambda *_: None)
    monkeypatch.setattr("tumorscope.workflows.crossval.fold.fit_guard", stub.fit_guard)
    monkeypatch.setattr("tumorscope.workflows.crossval.fold.find_reasons", stub.find_reasons)
    monkeypatch.setattr("tumorscope.workflows.crossval.command.FoldProcesses", FoldsInThisProcess)
    monkeypatch.setattr(
        "tumorscope.workflows.crossval.results._write_figures", lambda *_: None
    )  # slow
    monkeypatch.setattr(
        "tumorscope.workflows.crossval.metrics.summarize_scores",
        partial(summarize_scores, resamples=100),
    )
    return stub


@pytest.fixture
def trainer(monkeypatch) -> Trainer:
    return put_trainer(monkeypatch)


@pytest.fixture(scope="session")
def finished(labelled_slices, tmp_path_factory) -> Callable[..., tuple[Path, Trainer]]:
    """Make cross-validations of the labelled slices, each once, and what their trainer was shown.

    Read only.
    """

    @cache
    def make(folds: int, repeats: int, overrides: tuple[str, ...]) -> tuple[Path, Trainer]:
        folder = tmp_path_factory.mktemp("finished") / "cv"
        with pytest.MonkeyPatch.context() as monkeypatch:
            stub = put_trainer(monkeypatch)
            crossval(labelled_slices, folder, folds=folds, repeats=repeats, overrides=overrides)
        return folder, stub

    return make


@pytest.fixture
def copy_finished(finished, trainer, tmp_path) -> Callable[..., Path]:
    """Give a copy of a finished cross-validation, as if the trainer had been shown its slices."""

    def copy(folds: int, repeats: int, overrides: tuple[str, ...] = ()) -> Path:
        folder, stub = finished(folds, repeats, overrides)
        for name in ("shown", "asked", "guarded"):
            getattr(trainer, name).extend(getattr(stub, name))
        return shutil.copytree(folder, tmp_path / "cv")

    return copy


@pytest.fixture(scope="session")
def labelled_slices(tmp_path_factory) -> Path:
    """A folder of 60 slices of random pixels, half of them "tumors"; four are copies."""
    folder = tmp_path_factory.mktemp("labelled") / "slices"
    generator = np.random.default_rng(1)
    for name in ("no", "yes"):
        (folder / name).mkdir(parents=True)
        for number in range(30):
            if number not in (10, 20):  # those are their predecessor's copy
                pixels = generator.integers(0, 256, (36, 36), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder
