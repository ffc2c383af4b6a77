"""The recipe: every setting of a training run, checked when it is read."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tumorscope.errors import RecipeError, suggest
from tumorscope.recipe_keys import check_keys

BUILT_IN = ("notebook", "default")

Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(gt=0, le=1)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
OperatingPointName = Literal["half", "youden", "target_sensitivity"]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(_Settings):
    """How the slices are divided into parts, and how many of a group an epoch visits."""

    split: Literal["random", "grouped"]
    validation_fraction: Annotated[float, Field(gt=0, lt=1)]
    drawn_per_group: Positive | None
    draws: Positive | None = None
    """How many slices an epoch visits at most, as evenly as can be; null: by `drawn_per_group`."""


class PreprocessingSettings(_Settings):
    """What happens to a slice before the network sees it; the artifact carries a copy."""

    side_px: Annotated[int, Field(ge=32, le=1024)]
    crop_to_head: bool
    keep_aspect: bool = False
    stretch_intensity: bool = False


class AugmentationSettings(_Settings):
    """The ranges from which the training part's random changes are drawn."""

    rotation_degrees: Annotated[float, Field(ge=0, le=180)]
    zoom: Fraction
    shift: Fraction
    horizontal_flip: bool
    vertical_flip: bool
    outside: Literal["nearest", "black"]
    brightness: Fraction
    contrast: Fraction
    gamma: Fraction
    noise: Fraction
    erasing: Fraction
    mixup: Annotated[float, Field(ge=0, le=10)]
    remap: Fraction = 0.0
    """How far the curve of gray levels is from leaving all as it is towards rising at random."""
    inversion: Share = 0.0
    """Share of the slices whose contrast is inverted within the head; air stays black."""
    bias_field: Fraction = 0.0
    """Standard deviation of the logarithm of a smooth shading."""
    blur: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Largest standard deviation of a Gaussian, px of a slice 224 px wide; half of all get one."""
    low_resolution: Share = 0.0
    """Share of the slices that are shown in up to three times fewer pixels a side."""
    stripping: Share = 0.0
    """Share of the slices that lose scalp and skull."""
    field_of_view: Share = 0.0
    """Share of the slices that lose a band along one side."""


class ModelSettings(_Settings):
    """The network: backbone, its weights, and the head."""

    backbone: str
    weights: str
    rescale_in_front: bool
    hidden_units: Positive
    dropout: Fraction
    decide_by: Literal["appearance", "lesion_map"] = "appearance"
    """Whether the slice as a whole has a say beside its lesion map, if there is one."""
    map_scales: Annotated[int, Field(ge=2, le=3)] = 2
    """How many sizes of the backbone's maps a lesion map joins; with each it is twice as fine."""


class TrainingSettings(_Settings):
    """The two phases: frozen backbone, then its top layers unfrozen."""

    epochs: Positive
    learning_rate: Rate
    cache_features: bool = False
    """Whether the frozen phase learns from the features of one epoch's slices, computed once."""
    fine_tune_epochs: NotNegative
    fine_tune_learning_rate: Rate
    unfrozen_layers: NotNegative | Annotated[float, Field(gt=0, lt=1)]
    """How many of the backbone's last layers learn, or which share of its layers."""
    learn_normalization: bool
    schedule: Literal["constant", "cosine"]
    weight_decay: Fraction
    label_smoothing: Fraction
    mask_weight: Annotated[float, Field(ge=0, le=100)] = 0.0
    """What the lesion map counts beside the class, where lesions are outlined; 0: there is none."""
    overlap_weight: Annotated[float, Field(ge=0, le=100)] = 0.0
    """What the overlap of map and lesion counts in the map's loss."""
    batch_size: Positive
    balance_classes: bool
    keep: Literal["best", "last"]
    early_stopping_patience: Positive | None
    tensorboard: bool
    cache_mb: NotNegative


class DecisionSettings(_Settings):
    """How probabilities become verdicts; what this asks for is fitted on the validation part."""

    operating_point: OperatingPointName
    target_sensitivity: Annotated[float, Field(gt=0, le=1)]
    conformal_error: Annotated[float, Field(gt=0, lt=1)]


class Recipe(_Settings):
    """Every setting of a training run."""

    name: str
    seed: NotNegative
    data: DataSettings
    preprocessing: PreprocessingSettings
    augmentation: AugmentationSettings
    model: ModelSettings
    training: TrainingSettings
    decision: DecisionSettings

    def to_yaml(self) -> str:
        """Write the recipe as YAML that `load_recipe` reads back."""
        return yaml.safe_dump(self.model_dump(), sort_keys=False)


def load_recipe(source: str | Path = "default", overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe by name or from a file, with single settings changed.

    Parameters
    ----------
    source
        ``notebook``, ``default`` or the path of a YAML file.
    overrides
        Settings such as ``training.epochs=3``; the value is YAML.

    Raises
    ------
    RecipeError
        There is no such recipe, a key is unknown or a value is not valid.
    """
    settings = _read_settings(source)
    for override in overrides:
        _apply(override, settings)
    check_keys(settings, Recipe)
    try:
        recipe = Recipe.model_validate(settings)
    except ValidationError as error:
        raise RecipeError(f"recipe {source}: {_describe(error)}") from error
    if recipe.data.draws is not None and recipe.training.balance_classes:
        raise RecipeError(
            f"recipe {source}: data.draws gives each class its half; set "
            "training.balance_classes=false"
        )
    return recipe


def _read_settings(source: str | Path) -> dict[str, Any]:
    if source in BUILT_IN:
        text = (resources.files("tumorscope") / "recipes" / f"{source}.yaml").read_text("utf-8")
    elif Path(source).is_file():
        try:
            text = Path(source).read_text("utf-8")
        except UnicodeDecodeError as error:
            raise RecipeError(f"{source}: not UTF-8 text") from error
    else:
        raise RecipeError(
            f"no recipe {str(source)!r}{suggest(str(source), BUILT_IN)}; "
            f"give {' or '.join(BUILT_IN)}, or the path of a YAML file"
        )
    try:
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(settings, dict):
        raise RecipeError(f"{source}: a recipe is a YAML mapping, found {type(settings).__name__}")
    return settings


def _apply(override: str, settings: dict[str, Any]) -> None:
    path, equals, text = override.partition("=")
    if not equals:
        raise RecipeError(f"{override!r}: expected SECTION.KEY=VALUE, such as training.epochs=3")
    *sections, key = path.strip().split(".")
    target = settings
    for section in sections:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            raise RecipeError(f"{override!r}: {section} is a setting, not a section")
    try:
        target[key] = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"{override!r}: the value is not valid YAML") from error


def _describe(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        + ("" if problem["type"] == "missing" else f", found {problem['input']!r}")
        for problem in error.errors()
    )
