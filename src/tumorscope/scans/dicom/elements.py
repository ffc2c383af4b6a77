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


def read_optional_numbers(item: "Dataset", keyword: str, count: int) -> tuple[float, ...] | None:
    """Give the numbers of an element; None where there are not as many, all of them finite."""
    with suppress(TypeError, ValueError):
        numbers = tuple(map(float, read_optional(item, keyword)))
        return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None
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
            return float(default if value in (None, "") else value)
    except InputError as error:
        raise InputError(f"its {keyword} is no number") from error


def read_integer(item: "Dataset", keyword: str, default: int) -> int:
    """Give the whole number of an element as `read_number` does.

    Raises
    ------
    InputError
        It is there and no whole number.
    """
    number = read_number(item, keyword, default)
    if not number.is_integer():
        raise InputError(f"its {keyword} is no number")
    return int(number)
