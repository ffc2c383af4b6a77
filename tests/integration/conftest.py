from pathlib import Path

import pytest

import small_backbone
from tumorscope.workflows.phantom import phantom
from tumorscope.workflows.train.command import train


@pytest.fixture(scope="session")
def small_training() -> tuple[str, ...]:
    """Settings with which a training takes seconds."""
    small_backbone.add_small_backbone()
    return small_backbone.SETTINGS


@pytest.fixture(scope="session")
def real_run(navoneel, tmp_path_factory) -> Path:
    """A short training of the head on real slices."""
    from eager import run_eagerly

    with run_eagerly():
        return train(
            navoneel,
            tmp_path_factory.mktemp("real") / "run",
            backbone="efficientnetlite0",
            overrides=[
                "preprocessing.side_px=96",
                "training.epochs=2",
                "training.fine_tune_epochs=0",
            ],
        )


@pytest.fixture(scope="session")
def phantom_run(small_training, tmp_path_factory) -> Path:
    """A tiny training on phantoms with every option on."""
    folder = tmp_path_factory.mktemp("phantoms")
    phantom(folder / "slices", count=40, seed=3)
    return train(
        folder / "slices",
        folder / "run",
        overrides=[
            *small_training,
            "training.epochs=4",
            "training.fine_tune_epochs=1",
            "training.unfrozen_layers=10",
            "training.learning_rate=0.1",
            "training.early_stopping_patience=1",
            "training.balance_classes=true",
            "training.tensorboard=true",
        ],
    )
