"""Whether inputs that once gave a wrong, silent or unhelpful answer give the right one.

    python -m benchmarks.cases --cases ../shared/cases

Each case is a folder of small inputs, which is copied and given to the command line. What must
come out stands in `labels.py` and `scans.py`, a function for each. Prints a line for each case; the
exit code is 1 if any is wrong or missing, or has no function. One case trains a small model.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.cases import labels, scans  # noqa: F401 - to be in CASES
from benchmarks.cases.bench import CASES, Bench, WrongError
from tumorscope.artifact.shipped import find_shipped_model


@contextmanager
def copy_case(folder: Path) -> Iterator[Path]:
    """Copy the files of a case to where they may be changed."""
    with tempfile.TemporaryDirectory() as home:
        copy = Path(home) / folder.name
        shutil.copytree(folder, copy, symlinks=True, copy_function=shutil.copyfile)
        for path in (copy, *copy.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        yield copy


def judge(folder: Path, model: Path) -> tuple[bool, str]:
    """Run a case: whether it is right, and what must come out or what did."""
    if (case := CASES.get(folder.name)) is None:
        return False, "nobody has written down what must come out"
    with copy_case(folder) as copy:
        try:
            case.check(Bench(copy, model))
        except WrongError as wrong:
            return False, str(wrong)
    return True, case.expected


def main() -> int:
    """Run all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, required=True, help="The folder of cases.")
    parser.add_argument("--model", type=Path, default=find_shipped_model(), help="An artifact.")
    given = parser.parse_args()
    if not given.cases.is_dir():
        parser.error(f"{given.cases}: no such folder; it holds a folder for each case")
    missing = sorted(name for name in CASES if not (given.cases / name).is_dir())
    found = sorted(path for path in given.cases.iterdir() if path.is_dir())
    if not found:
        parser.error(f"{given.cases}: holds no folder of a case")
    wrong = len(missing)
    for name in missing:
        print(f"MISSING  {name}")
    for folder in found:
        is_right, words = judge(folder, given.model.resolve())
        wrong += not is_right
        print(f"{'right  ' if is_right else 'WRONG  '}  {folder.name}: {words}", flush=True)
    print(f"{len(found) + len(missing) - wrong} of {len(found) + len(missing)} are right")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
