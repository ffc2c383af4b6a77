"""The page of a measurement of heatmaps: methods by figure, curves, best and worst slices."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tumorscope.atomic import write_text
from tumorscope.evaluation.figures.faithfulness import plot_faithfulness
from tumorscope.evaluation.figures.style import save_figure
from tumorscope.report.localization.rows import describe_localization
from tumorscope.report.page import embed_image, render_page


def write_localization_page(folder: Path, result: Mapping[str, Any]) -> None:
    """Write ``localization.html``, and its curves, beside the sheets ``best.png``, ``worst.png``.

    Parameters
    ----------
    folder
        Where the sheets are.
    result
        As `localize` gives it.
    """
    save_figure(plot_faithfulness(result["curves"]), folder / "curves")
    images = {name: embed_image(folder / f"{name}.png") for name in ("curves", "best", "worst")}
    page = render_page(
        "localization/localization.html.j2", found=describe_localization(result), images=images
    )  # fmt: skip
    write_text(folder / "localization.html", page)
