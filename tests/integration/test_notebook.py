"""The example notebook runs from its first cell to its last."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import small_backbone
import tumorscope

NOTEBOOK = Path(__file__).parents[2] / "examples" / "brain_tumor_kaggle.ipynb"
SETTINGS = (
    *small_backbone.SETTINGS,
    "training.epochs=1",
    "training.fine_tune_epochs=1",
    "training.unfrozen_layers=10",
)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the Jupyter client
def test_it_trains_explains_and_predicts_on_phantoms(tmp_path, monkeypatch):
    tumorscope.phantom(tmp_path / "slices", count=20, seed=2)
    monkeypatch.setenv("EXAMPLE_DATA", "slices")
    monkeypatch.setenv("EXAMPLE_SETTINGS", " ".join(SETTINGS))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert len(notebook.cells) <= 15
    monkeypatch.setenv("PYTHONPATH", str(Path(small_backbone.__file__).parent))
    code = "import small_backbone; small_backbone.add_small_backbone()"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(code))
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}})
    client.execute()
    pictures = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 5
    assert (tmp_path / "run" / "report.html").is_file()
