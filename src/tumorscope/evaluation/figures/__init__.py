"""The figures of a run. Importing this package imports matplotlib, but no plotting state."""

from tumorscope.evaluation.figures.confusion import plot_confusion_matrix
from tumorscope.evaluation.figures.curves import plot_precision_recall, plot_roc
from tumorscope.evaluation.figures.history import plot_history
from tumorscope.evaluation.figures.mistakes import plot_mistakes
from tumorscope.evaluation.figures.style import save_figure

__all__ = [
    "plot_confusion_matrix",
    "plot_history",
    "plot_mistakes",
    "plot_precision_recall",
    "plot_roc",
    "save_figure",
]
