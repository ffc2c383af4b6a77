"""The commands and the code in README and docs work."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from tumorscope.cli.main import app

PROJECT = Path(__file__).parents[2]
PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
COMMANDS = [
    line
    for page in PAGES
    for line in page.read_text("utf-8").splitlines()
    if line.strip().startswith("tumorscope ")
]


def list_python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shown_is_one_that_the_command_line_accepts(command):
    name, *arguments = shlex.split(command.split("#")[0])[1:]
    subcommand = typer.main.get_command(app).commands[name]
    subcommand.make_context(name, arguments)


@pytest.mark.slow
def test_the_python_code_of_the_readme_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    (block,) = list_python_blocks(PROJECT / "README.md")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    accuracy, probability, verdict = capsys.readouterr().out.split(maxsplit=2)
    assert 0 <= float(accuracy) <= 1
    assert 0 <= float(probability) <= 1
    assert verdict.strip() in ("tumor", "no tumor", "uncertain")
    assert len(list((tmp_path / "overlays").iterdir())) == 12


def test_every_local_link_leads_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
