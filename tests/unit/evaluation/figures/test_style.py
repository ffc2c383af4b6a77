import pytest
from PIL import Image

from tumorscope.evaluation.figures import plot_confusion_matrix, plot_roc, save_figure
from tumorscope.evaluation.figures.style import make_message_figure
from tumorscope.provenance import RESEARCH_USE_ONLY

COUNTS = {"true_positive": 3, "false_positive": 1, "true_negative": 2, "false_negative": 1}


@pytest.mark.parametrize(
    "figure",
    [
        plot_confusion_matrix(COUNTS),
        plot_roc([0, 1], [0.2, 0.7], 0.5),
        make_message_figure("Title", "Nothing to draw."),
    ],
)
def test_every_figure_carries_the_research_notice(figure):
    assert figure.get_supxlabel() == RESEARCH_USE_ONLY


@pytest.mark.slow
def test_a_figure_is_saved_as_png_and_svg_and_nothing_else(tmp_path):
    save_figure(plot_confusion_matrix(COUNTS), tmp_path / "figures" / "v1.2")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "v1.2.png",
        "v1.2.svg",
    ]
    with Image.open(tmp_path / "figures" / "v1.2.png") as image:
        assert image.size == (750, 690)


@pytest.mark.slow
def test_equal_figures_give_equal_files(tmp_path):
    for name in ("first", "second"):
        save_figure(plot_confusion_matrix(COUNTS), tmp_path / name)
    for ending in ("png", "svg"):
        first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
        assert first.read_bytes() == second.read_bytes()
    assert "<dc:date>" not in first.read_text(encoding="utf-8")


def test_a_failed_save_leaves_the_old_files(tmp_path, monkeypatch):
    figure = plot_confusion_matrix(COUNTS)
    save_figure(figure, tmp_path / "matrix")
    before = (tmp_path / "matrix.png").read_bytes()

    def fail(path, **options):
        path.write_bytes(b"half a fi")
        raise OSError("disk full")

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save_figure(figure, tmp_path / "matrix")
    assert (tmp_path / "matrix.png").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2
