"""The keys that a recipe may have, and the nearest of them to one that it may not."""

from difflib import SequenceMatcher
from typing import Any

from pydantic import BaseModel

from tumorscope.errors import RecipeError


def check_keys(settings: dict[str, Any], recipe: type[BaseModel]) -> None:
    """Refuse unknown keys, naming the nearest valid one, which pydantic does not.

    Parameters
    ----------
    settings
        Sections and their settings, as read.
    recipe
        What has the valid ones.

    Raises
    ------
    RecipeError
        A key is not valid.
    """
    valid = _flatten(
        {
            name: getattr(field.annotation, "model_fields", None)
            for name, field in recipe.model_fields.items()
        }
    )
    for key in _flatten(settings):
        if key not in valid and key not in recipe.model_fields:
            raise RecipeError(
                f"{key} is not a setting; did you mean {_find_nearest(key, valid)!r}?"
            )


def _flatten(settings: dict[str, Any]) -> list[str]:
    """List the keys of a mapping of sections: ``training.epochs``, ``seed``."""
    return [
        f"{name}.{key}" if key else str(name)
        for name, section in settings.items()
        for key in (section if isinstance(section, dict) else [None])
    ]


def _find_nearest(key: str, valid: list[str]) -> str:
    """Find the valid key most like a given one, in its last part and as a whole."""

    def likeness(name: str) -> float:
        pairs = ((key, name), (key.rpartition(".")[2], name.rpartition(".")[2]))
        return sum(SequenceMatcher(None, *pair).ratio() for pair in pairs)

    return max(valid, key=likeness)
