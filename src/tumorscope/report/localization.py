"""The page of a measurement of heatmaps: methods by figure, curves, best and worst slices."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tumorscope.atomic import write_text
from tumorscope.evaluation.figures.faithfulness import plot_faithfulness
from tumorscope.evaluation.figures.style import save_figure
from tumorscope.report.page import embed_image, render_page

_COLUMNS = {
    "pointing": "Pointing game",
    "energy": "Energy inside",
    "energy_ratio": "Energy to area",
    "average_precision": "Average precision",
    "iou": "IoU",
    "best_iou": "Best IoU",
    "dice": "Dice",
    "best_dice": "Best Dice",
    "distance": "Distance, %",
    "insertion": "Insertion",
    "deletion": "Deletion",
}


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
    page = render_page(
        "localization.html.j2",
        result=result,
        columns=list(_COLUMNS.values()),
        rows=[
            (method, [_describe(figures[name]) for name in _COLUMNS], result["seconds"][method])
            for method, figures in result["methods"].items()
        ],
        above=_describe(result["above"][result["best_baseline"]]["pointing"]),
        images={
            name: embed_image(folder / f"{name}.png") for name in ("curves", "best", "worst")
        },
    )  # fmt: skip
    write_text(folder / "localization.html", page)


def _describe(figure: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        "by_slice": _format(figure),
        "by_group": _format(figure["per_group"]),
    }


def _format(estimate: Mapping[str, Any]) -> tuple[str, str]:
    interval = estimate["interval"]
    bounds = f"{interval[0]:.2f} to {interval[1]:.2f}" if interval else "no interval"
    return f"{estimate['mean']:.2f}", bounds
