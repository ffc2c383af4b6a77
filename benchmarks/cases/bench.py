"""Give the files of a case to the command line, and demand what must come out."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

Row = dict[str, str]


class WrongError(Exception):
    """What came out in place of what must."""


class Outcome(NamedTuple):
    """What a command gave."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """Its last words, to be shown."""
        return " ".join(self.err.split("error:")[-1].split())


class Bench:
    """A copy of the files of a case, and the commands that it is given to."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self.model = folder, model

    def run(self, *arguments: object) -> Outcome:
        """Run a command where the files are."""
        command = [sys.executable, "-m", "tumorscope", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, errors="replace", check=False
        )
        if "Traceback" in done.stderr:
            raise WrongError(f"a traceback: {done.stderr.splitlines()[-1]}")
        return Outcome(done.returncode, done.stdout, done.stderr)

    def evaluate(self, *arguments: object) -> Outcome:
        """Measure the model of the package; the results go to ``out``."""
        return self.run("evaluate", self.model, *arguments, "--out", "out", "--json", "-q")

    def count(self, *arguments: object) -> int:
        """Count the slices that are measured."""
        outcome = self.evaluate(*arguments)
        demand(outcome.code == 0, outcome.error)
        return int(json.loads(outcome.out)["with_copies"]["slices"])

    def refuse(self, *arguments: object, words: Sequence[str]) -> None:
        """See to it that data are refused with these words."""
        demand_refusal(self.evaluate(*arguments), words)

    def predict(self, *arguments: object) -> list[Row]:
        """Answer for scans: the rows of the table."""
        outcome = self.run("predict", *arguments, "--model", self.model, "--out", "a.csv", "-q")
        demand((self.folder / "a.csv").exists(), outcome.error)
        return self.read("a.csv")

    def predict_series(self, *arguments: object) -> list[Row]:
        """Answer for scans: the rows of whole series."""
        return [row for row in self.predict(*arguments) if row["series"] and not row["slice"]]

    def read(self, name: str) -> list[Row]:
        """Read a table that was written."""
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


class Case(NamedTuple):
    """What must come out, and the function that sees to it."""

    expected: str
    check: Callable[[Bench], None]


CASES: dict[str, Case] = {}
"""By the name of the folder."""


def expect(words: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Make a function, called ``_NAME``, the check of the case of this name."""

    def add(check: Callable[[Bench], None]) -> Callable[[Bench], None]:
        CASES[check.__name__.removeprefix("_")] = Case(words, check)
        return check

    return add


def demand(is_right: bool, found: object) -> None:
    """Say what was found unless it is right."""
    if not is_right:
        raise WrongError(str(found))


def demand_refusal(outcome: Outcome, words: Sequence[str]) -> None:
    """Demand exit code 2 and certain words."""
    demand(outcome.code == 2, f"exit code {outcome.code}, not 2")
    for word in words:
        demand(word in outcome.error, f"without {word!r}: {outcome.error}")


def verdicts(rows: Sequence[Row]) -> list[str]:
    """Take the verdicts of rows, in order."""
    return [row["verdict"] for row in rows]
