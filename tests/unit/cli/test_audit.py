import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tumorscope.phantoms import draw_phantom
from tumorscope.provenance import RESEARCH_USE_ONLY


@pytest.fixture(scope="module")
def pictures():
    return [draw_phantom(29, index, has_tumor=False).image_hw for index in range(3)]


@pytest.fixture
def folders(tmp_path, pictures):
    """[a], with a picture and its mirror image, and b, with the first of them."""
    for name, picture in {
        "[a]/0.png": pictures[0],
        "[a]/1.png": pictures[0][:, ::-1],
        "[a]/2.png": pictures[1],
        "b/0.png": pictures[0],
        "b/1.png": pictures[2],
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / name)
    return [tmp_path / "[a]", tmp_path / "b"]


@pytest.fixture
def audit(run, monkeypatch, tmp_path):
    """Run the command, with a folder for its results, on a terminal of 120 columns."""
    monkeypatch.setenv("COLUMNS", "120")
    return lambda *arguments: run("audit", *arguments, "--out", tmp_path / "out")


def test_the_table_says_what_was_found_and_where_the_page_is(audit, folders, tmp_path):
    code, out, err = audit(*folders)
    assert code == 0
    rows = [" ".join(line.replace("│", " ").split()) for line in out.splitlines()]
    assert "[a] 3 2 1 66.7% 0" in rows
    assert "b 2 2 0 0.0% 0" in rows
    assert "together 5 3 2 60.0% 0" in rows
    assert "slices of [a] with a copy in b: 2" in rows
    assert "slices of b with a copy in [a]: 1" in rows
    assert str(tmp_path / "out" / "audit.html") in err
    assert RESEARCH_USE_ONLY in err


def test_guesses_are_printed(audit, folders):
    names = ["--positive", "a", "--negative", "b"]
    _, out, _ = audit(*folders, *names, "-q")
    assert "label guessed" not in out
    assert "label not guessed: " in out
    for folder, classes in zip(folders, ("ab", "a"), strict=True):
        for number, name in enumerate(classes):
            (folder / name).mkdir()
            (folder / f"{number}.png").rename(folder / name / f"{number}.png")
    _, out, _ = audit(*folders, *names, "-q")
    assert "label guessed by source: AUROC" in out


def test_json_is_all_that_stands_on_stdout(audit, folders, tmp_path):
    code, out, _ = audit(*folders, "--json", "-q")
    assert code == 0
    document = json.loads((tmp_path / "out" / "audit.json").read_text("utf-8"))
    assert json.loads(out) == document["summary"]


def test_quiet_prints_the_table_only(audit, folders):
    _, out, err = audit(*folders, "-q")
    assert err == ""
    assert "together" in out


@pytest.mark.parametrize("names", ["copies", "conflicts,copies", " copies , unreadable "])
def test_fail_on_gives_exit_code_1_and_says_why_when_it_is_found(audit, folders, names):
    code, _, err = audit(*folders, "--fail-on", names, "-q")
    assert code == 1
    assert err == "found what --fail-on names: copies\n"


def test_fail_on_what_is_not_there_is_exit_code_0(audit, folders):
    assert audit(*folders, "--fail-on", "conflicts,unreadable", "-q")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fail-on", "copis"], "--fail-on copis: expected some of copies, conflicts"),
        (["gone"], "gone: no such folder"),
        (["{0}"], "the same folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(audit, folders, tmp_path, arguments, message):
    given = [argument.format(folders[0]) for argument in arguments]
    code, out, err = audit(folders[0], *given, "-q")
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("tumorscope: error: ")
    assert message in line
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_it_needs_the_base_install_only(folders, tmp_path):
    """Neither TensorFlow nor what only the other extras install is imported."""
    program = (
        "import sys\nfrom tumorscope.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as exit_:\n    assert not exit_.code\n"
        "extra = {'tensorflow', 'keras', 'torch', 'nilearn', 'openvino', 'onnx'}\n"
        "print(sorted(extra & set(sys.modules)))"
    )
    arguments = ["audit", "-q", "--json", *folders, "--out", tmp_path / "out"]
    finished = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.splitlines()[-1] == "[]"
