"""Which names of classes mean a tumor, and which none."""

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tumorscope.errors import InputError

Names = str | Sequence[str]
_USUAL = {"yes": "no", "1": "0", "0": "1", "true": "false", "false": "true"}
COMPANIONS = frozenset({"masks"})
"""Folders that lie beside classes and are none."""
_SPEAKING = {"1": 1, "0": 0, "true": 1, "false": 0}
_WHOLE_NUMBER = re.compile(r"([0-9]+)\.0*")  # as tables write integers beside a missing value
# How data sets call heads without a tumor; only proposed, never taken for granted.
_SOUNDS_WELL = re.compile(r"(no|non|not|without|normal|healthy|negative|control)([^a-z]|tumou?r|$)")


def fold_name(name: str) -> str:
    """Write a name of a class as names are compared: without case, and 1.0 as 1.

    >>> fold_name(" Glioma "), fold_name("1.0")
    ('glioma', '1')
    """
    folded = name.strip().lower()
    number = _WHOLE_NUMBER.fullmatch(folded)
    return number[1] if number else folded


class ClassNames(NamedTuple):
    """The names of the classes with a tumor and, where they are given, of those without.

    All are written as `fold_name` does.
    """

    positive: frozenset[str]
    negative: frozenset[str] | None

    @property
    def known(self) -> frozenset[str]:
        """All names that are one of a class, the usual one without a tumor among them."""
        return self.positive | (self._usual if self.negative is None else self.negative)

    @property
    def told(self) -> dict[str, int]:
        """The labels of all these names."""
        return {name: int(name in self.positive) for name in self.known}

    @property
    def _usual(self) -> frozenset[str]:
        usual = frozenset(_USUAL[name] for name in self.positive if name in _USUAL)
        return usual - self.positive

    def label(self, found: Iterable[str], where: object, needs_both: bool) -> dict[str, int]:
        """Give each name its label, 1 with a tumor and 0 without.

        The numbers 1 and 0, and ``true`` and ``false``, say by themselves what they mean, unless
        one of these stands among the names that were given.

        Parameters
        ----------
        found
            The names of a source's classes, as from `fold_name`.
        where
            The source, for errors.
        needs_both
            Whether one class alone is refused.

        Returns
        -------
        dict
            A name that is in neither class is left out, where the class without a tumor is known
            by its usual name, ``no``.

        Raises
        ------
        InputError
            A class is missing, or it cannot be told of a name which one it is.
        """
        names = set(found)
        if names and names <= _SPEAKING.keys() and self.known.isdisjoint(_SPEAKING):
            positive = {name for name in names if _SPEAKING[name]}
            negative = names - positive
        else:
            positive, negative = names & self.positive, names & self._find_negative(names)
        if not (negative and positive) and (needs_both or not (negative or positive)):
            raise self._refuse(names, where)
        others = names - positive - negative - COMPANIONS
        if self.negative is not None and others:
            raise InputError(
                f"{where}: {min(others)!r} is neither a class with a tumor nor one without; name "
                "it with --positive or --negative, or move it away"
            )
        return dict.fromkeys(negative, 0) | dict.fromkeys(positive, 1)

    def _find_negative(self, names: set[str]) -> frozenset[str]:
        if self.negative is not None:
            return self.negative
        others = names - self.positive
        if self._usual & names:
            return self._usual
        return frozenset(others) if len(others) == 1 and names & self.positive else frozenset()

    def _refuse(self, names: set[str], where: object) -> InputError:
        expected = " or ".join(map(repr, sorted(self.positive)))
        others = "one other"
        if self.negative is not None:
            others = " or ".join(map(repr, sorted(self.negative)))
        return InputError(
            f"{where}: expected images of two classes, {expected} (with a tumor) and {others}, "
            f"found {', '.join(sorted(names)) or 'none'}; name those with and those without a "
            f"tumor: {_propose(names - COMPANIONS)}"
        )


def _propose(names: set[str]) -> str:
    """Propose options for the classes that were found, where their names suggest them."""
    negative = {name for name in names if _SOUNDS_WELL.match(name)}
    positive = names - negative
    if not (negative and positive):
        return "--positive NAME,NAME --negative NAME,NAME"
    with_tumor, without = (shlex.quote(",".join(sorted(some))) for some in (positive, negative))
    return f"--positive {with_tumor} --negative {without}"


def read_class_names(positive: Names, negative: Names | None = None) -> ClassNames:
    """Read the names of both classes: a name, several with commas between, or a list.

    Raises
    ------
    InputError
        There is none with a tumor, or one stands in both.

    Examples
    --------
    >>> read_class_names("Glioma,meningioma", "notumor").negative
    frozenset({'notumor'})
    """
    with_tumor = _split(positive)
    without = None if negative is None else _split(negative)
    if not with_tumor or without == frozenset():
        raise InputError("name at least one class with --positive, and with --negative if given")
    if both := with_tumor & (without or frozenset()):
        raise InputError(f"{min(both)}: named as a class with and as one without a tumor")
    return ClassNames(with_tumor, without)


def _split(names: Names) -> frozenset[str]:
    given = names.split(",") if isinstance(names, str) else names
    return frozenset(fold_name(name) for name in given if name.strip())
