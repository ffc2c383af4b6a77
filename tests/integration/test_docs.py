"""The commands and the code in README and docs work."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

import tumorscope
from scan_files import make_nifti
from tumorscope.cli.main import app
from tumorscope.phantoms import draw_phantom

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
@pytest.mark.usefixtures("blank_figures")
def test_the_python_code_of_the_readme_runs_as_it_stands(
    small_training, tmp_path, monkeypatch, capsys
):
    (block,) = list_python_blocks(PROJECT / "README.md")
    train = tumorscope.train

    def train_small(*arguments, backbone, overrides):
        assert backbone == "efficientnetlite0"
        return train(*arguments, overrides=[*overrides, *small_training])

    monkeypatch.setattr(tumorscope, "train", train_small)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    accuracy, probability, verdict = capsys.readouterr().out.split(maxsplit=2)
    assert 0 <= float(accuracy) <= 1
    assert 0 <= float(probability) <= 1
    assert verdict.strip() in ("tumor", "no tumor", "uncertain")
    assert len(list((tmp_path / "overlays").glob("*.png"))) == 12


def test_the_python_code_about_predicting_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    slices = [draw_phantom(0, index, has_tumor=True).image_hw for index in range(3)]
    (tmp_path / "slices").mkdir()
    for number, gray_hw in enumerate(slices):
        Image.fromarray(gray_hw).save(tmp_path / "slices" / f"{number}.png")
    Image.fromarray(slices[0]).save(tmp_path / "scan.jpg")
    (tmp_path / "brain.nii.gz").write_bytes(make_nifti(np.dstack([slices[0]] * 3), is_packed=True))
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in list_python_blocks(PROJECT / "docs" / "predict.md"):
        exec(compile(block, "predict.md", "exec"), names)
    assert names["answer"].name == "scan.jpg"
    assert len(names["series"]) == 3
    assert capsys.readouterr().out.count("<Prediction") == 4
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 4


def test_every_local_link_leads_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
