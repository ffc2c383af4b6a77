import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import tumorscope

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tumorscope"
MODULES = sorted(SOURCE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})
MOST_LINES = 250
MOST_MODULES = 15
TRAINING_FRAMEWORKS = {"tensorflow", "keras", "torch", "jax"}
HEAVY = {"numpy", "pandas", "openvino", "cv2", "PIL", "matplotlib", "sklearn", "typer", "pydantic"}


def list_imports(code: str, *arguments: object) -> set[str]:
    """Run code in an interpreter of its own and give the top-level modules it has imported."""
    program = (
        f"import json, sys\n{code}\n"
        "print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return set(json.loads(finished.stdout.splitlines()[-1]))


RUN_COMMAND = """
from tumorscope.cli.main import main
try:
    main()
except SystemExit as exit_:
    assert not exit_.code, exit_.code
"""


class TestWhatIsImported:
    def test_package_alone_is_light(self):
        imported = list_imports("import tumorscope")
        assert "tumorscope" in imported
        assert imported.isdisjoint(HEAVY | TRAINING_FRAMEWORKS)

    def test_help_leaves_everything_heavy_out(self):
        imported = list_imports(RUN_COMMAND, "--help")
        assert imported.isdisjoint((HEAVY - {"typer"}) | TRAINING_FRAMEWORKS)

    def test_predict_leaves_training_frameworks_and_pandas_out(
        self, tiny_artifact, write_slice, tmp_path
    ):
        imported = list_imports(
            RUN_COMMAND,
            "predict",
            "--model",
            tiny_artifact,
            write_slice(tmp_path / "a.png"),
            "--out",
            tmp_path / "answers.csv",
            "--overlays",
            tmp_path / "overlays",
        )
        assert "openvino" in imported
        assert (tmp_path / "answers.csv").is_file()
        assert imported.isdisjoint(TRAINING_FRAMEWORKS | {"pandas", "sklearn", "matplotlib"})

    def test_all_that_needs_no_training_leaves_the_frameworks_out(self):
        names = [
            ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
            for path in MODULES
            if path.stem not in ("__init__", "__main__")
            and path.relative_to(SOURCE).parts[0] not in ("model", "training")
        ]
        code = "import importlib\n" + "\n".join(f"importlib.import_module({n!r})" for n in names)
        assert list_imports(code).isdisjoint(TRAINING_FRAMEWORKS)


class TestPublicApi:
    @pytest.mark.parametrize("name", tumorscope.__all__)
    def test_name_is_a_documented_function(self, name):
        function = getattr(tumorscope, name)
        assert inspect.isfunction(function)
        assert function.__name__ == name
        assert function.__doc__
        assert name in dir(tumorscope)

    def test_no_function_has_the_name_of_a_module_beside_it(self):
        # A submodule, once imported, is an attribute of the package: in place of the function.
        assert {path.stem for path in SOURCE.iterdir()}.isdisjoint(tumorscope.__all__)

    def test_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="module 'tumorscope' has no attribute 'trian'"):
            tumorscope.trian  # noqa: B018


class TestModules:
    @pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
    def test_module_is_short_and_says_what_it_is(self, path):
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= MOST_LINES
        assert ast.get_docstring(ast.parse(text))

    @pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(SOURCE)))
    def test_folder_can_be_taken_in_at_a_glance(self, folder):
        assert len(list(folder.glob("*.py"))) <= MOST_MODULES

    @pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
    def test_no_module_is_a_drawer(self, name):
        assert not [path for path in SOURCE.rglob("*") if path.stem == name]


def test_layers_are_kept():
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    finished = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
