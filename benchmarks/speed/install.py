"""What an installation weighs, with each extra: the table of docs/install.md.

    python -m benchmarks.speed.install [--only base audit] [--write docs/install.md]

Each is installed from this folder, at the versions of constraints.txt, into an environment of its
own, which is then deleted. The size is what its packages take on the disk, without those that every
environment begins with.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

from benchmarks.accuracy.results import replace_part

PROJECT = Path(__file__).parents[2]
BASE = "base"


class Installation(NamedTuple):
    """How many packages there are, and their size on the disk."""

    packages: int
    size_mb: float


def list_extras() -> list[str]:
    """List the extras in the order of pyproject.toml."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    return list(project["optional-dependencies"])


def measure(extra: str) -> Installation:
    """Install with an extra, or the base, and weigh what that adds to a new environment."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        before = _weigh(Path(folder))
        target = str(PROJECT) if extra == BASE else f"{PROJECT}[{extra}]"
        pip = [f"{folder}/bin/pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "install", "--constraint", str(PROJECT / "constraints.txt"), target],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        after = _weigh(Path(folder))
    return Installation(after.packages - before.packages, after.size_mb - before.size_mb)


def _weigh(environment: Path) -> Installation:
    listed = subprocess.run(
        [environment / "bin" / "pip", "list", "--format", "json"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    (packages,) = environment.glob("lib/python*/site-packages")
    blocks = sum(path.lstat().st_blocks for path in packages.rglob("*"))
    return Installation(len(json.loads(listed)), blocks * 512 / 2**20)


def main() -> None:
    """Measure, print the table, and write it where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[BASE, *list_extras()])
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    rows = ["| installed | packages | MB |", "| --- | --- | --- |"]
    for extra in arguments.only or [BASE, *list_extras()]:
        found = measure(extra)
        command = "pip install ." if extra == BASE else f"pip install '.[{extra}]'"
        rows.append(f"| `{command}` | {found.packages} | {found.size_mb:,.0f} |")
        print(rows[-1], flush=True)
    if arguments.write:
        replace_part(arguments.write, "extras", "\n".join(rows))


if __name__ == "__main__":
    main()
