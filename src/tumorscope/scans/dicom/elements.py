"""Read elements that may hold nonsense: some a picture can do without, others it cannot."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tumorscope.errors import InputError
from tumorscope.scans.refusal import refusing

if TYPE_CHECKING:
    from pydicom import Dataset


def read_optional(item: "Dataset", keyword: str) -> Any:
    """Give the value of an element; None where it is missing, empty or nonsense."""
    with suppress(InputError), refusing("element"):
        value = item.get(keyword)
        return None if value == "" else value
    return None


def read_optional_number(item: "Dataset", keyword: str) -> float | None:
    """Give the first number of an element; None where there is none that is finite."""
    value = read_optional(item, keyword)
    first = value[0] if isinstance(value, Sequence) and not isinstance(value, str) else value
    with suppress(TypeError, ValueError):
        number = float(first)
        return number if math.isfinite(number) else None
    return None


def read_number(item: "Dataset", keyword: str, default: float) -> float:
    """Give the number of an element without which pixels would be shown wrongly.

    Parameters
    ----------
    item
        Where to look.
    keyword
        The name of the element.
    default
        What holds where the element is missing or empty.

    Raises
    ------
    InputError
        It is there and no number. The message names the element and quotes nothing.
    """
    try:
        with refusing("element"):
            value = item.get(keyword)
            return default if value in (None, "") else float(value)
    except InputError as error:
        raise InputError(f"its {keyword} is no number") from error
