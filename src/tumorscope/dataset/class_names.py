"""Which names of classes mean a tumor, and which none."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tumorscope.errors import InputError

Names = str | Sequence[str]
_USUAL = {"yes": "no"}
_COMPANIONS = frozenset({"masks"})
_NUMBERS = frozenset({"0", "1"})


class ClassNames(NamedTuple):
    """The names of the classes with a tumor and, where they are given, of those without.

    All are in lower case: names are compared without it.
    """

    positive: frozenset[str]
    negative: frozenset[str] | None

    @property
    def known(self) -> frozenset[str]:
        """All names that are one of a class, the usual one without a tumor among them."""
        return self.positive | (self._usual if self.negative is None else self.negative)

    @property
    def _usual(self) -> frozenset[str]:
        return frozenset(_USUAL[name] for name in self.positive if name in _USUAL)

    def label(self, found: Iterable[str], where: object, needs_both: bool) -> dict[str, int]:
        """Give each name its label, 1 with a tumor and 0 without.

        Parameters
        ----------
        found
            The names of a source's classes, in lower case.
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
        if names and names <= _NUMBERS:
            positive, negative = names & {"1"}, names & {"0"}
        else:
            positive, negative = names & self.positive, names & self._find_negative(names)
        if not (negative and positive) and (needs_both or not (negative or positive)):
            raise self._refuse(names, where)
        others = names - positive - negative - _COMPANIONS
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
            f"found {', '.join(sorted(names)) or 'none'}; name the classes with a tumor with "
            "--positive NAME,NAME and those without with --negative NAME,NAME"
        )


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
    return frozenset(name.strip().lower() for name in given if name.strip())
