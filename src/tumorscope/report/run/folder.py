"""Reading back what a run left behind; what an unfinished run lacks is None."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tumorscope.dataset.manifest import read_table
from tumorscope.errors import InputError
from tumorscope.evaluation.assessment import Assessment

_MANIFEST_COLUMNS = ("path", "label", "group", "split")
_REJECTED_COLUMNS = ("path", "reason")
_HISTORY_COLUMNS = ("epoch", "phase", "val_loss", "seconds")
# The commands that write what has keys to be checked.
_MADE_BY = {
    "recipe.yaml": "train", "metrics.json": "evaluate", "localization.json": "explain"
}  # fmt: skip
_RECIPE_KEYS = ("decision",)
_METRIC_KEYS = ("part", *Assessment.__annotations__, "copies")
_LOCALIZATION_KEYS = ("slices", "groups", "methods", "seconds", "best_baseline", "above")
_PREDICTION_COLUMNS = ("path", "label", "probability", "correct", "verdict", "group")


@dataclass(frozen=True)
class RunFolder:
    """The content of a run folder, apart from its images and models.

    Parameters
    ----------
    path
        The folder.
    recipe
        The settings, nested as in `recipe.yaml`.
    environment
        What `describe_environment` recorded.
    manifest, rejected, history, predictions
        The tables, with the columns of their files.
    metrics
        An `Assessment` with the `part` of the data it was measured on and `copies`, how many of
        its slices have a copy in training.
    artifact
        What `model/artifact.json` says about the model.
    localization
        How well its heatmaps find outlined lesions, as `localize` gives it.
    """

    path: Path
    recipe: dict[str, Any]
    environment: dict[str, Any] | None
    manifest: pd.DataFrame | None
    rejected: pd.DataFrame | None
    history: pd.DataFrame | None
    metrics: dict[str, Any] | None
    predictions: pd.DataFrame | None
    artifact: dict[str, Any] | None
    localization: dict[str, Any] | None


def read_run(path: Path) -> RunFolder:
    """Read a run folder.

    Parameters
    ----------
    path
        The folder a training wrote.

    Raises
    ------
    InputError
        The folder is no run, or a file in it is damaged.
    """
    if not (path / "recipe.yaml").is_file():
        raise InputError(
            f"{path}: not a run folder, it holds no recipe.yaml. "
            "Give a folder that tumorscope train wrote."
        )
    return RunFolder(
        path=path,
        recipe=_read_recipe(path / "recipe.yaml"),
        environment=_read_json(path / "environment.json", ()),
        manifest=_read_table(path / "manifest.csv", _MANIFEST_COLUMNS),
        rejected=_read_table(path / "rejected.csv", _REJECTED_COLUMNS),
        history=_read_table(path / "history.csv", _HISTORY_COLUMNS),
        metrics=_read_json(path / "evaluation" / "metrics.json", _METRIC_KEYS),
        predictions=_read_table(path / "evaluation" / "predictions.csv", _PREDICTION_COLUMNS),
        artifact=_read_json(path / "model" / "artifact.json", ()),
        localization=_read_json(path / "localization" / "localization.json", _LOCALIZATION_KEYS),
    )


def _read_recipe(path: Path) -> dict[str, Any]:
    try:
        recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not valid YAML: {error}") from error
    return _check_mapping(path, recipe, _RECIPE_KEYS)


def _read_json(path: Path, keys: tuple[str, ...]) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON: {error}") from error
    return _check_mapping(path, content, keys)


def _check_mapping(path: Path, content: object, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected named values, found {type(content).__name__}")
    missing = [key for key in keys if key not in content]
    if missing:
        raise InputError(
            f"{path}: {', '.join(missing)} is missing; run tumorscope {_MADE_BY[path.name]} again"
        )
    return content


def _read_table(path: Path, columns: tuple[str, ...]) -> pd.DataFrame | None:
    if not path.is_file():
        return None
    try:
        table = read_table(path)
    except ValueError as error:
        raise InputError(f"{path}: not a valid table: {error}") from error
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise InputError(f"{path}: the column {', '.join(missing)} is missing")
    return table
