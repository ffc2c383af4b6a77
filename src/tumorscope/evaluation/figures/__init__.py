"""The figures of a run. Importing this package imports matplotlib, but no plotting state."""

from tumorscope.evaluation.figures.comparison import plot_comparison
from tumorscope.evaluation.figures.confusion import plot_confusion_matrix
from tumorscope.evaluation.figures.curves import plot_fold_roc, plot_precision_recall, plot_roc
from tumorscope.evaluation.figures.history import plot_history
from tumorscope.evaluation.figures.mistakes import plot_mistakes
from tumorscope.evaluation.figures.reliability import plot_reliability
from tumorscope.evaluation.figures.style import save_figure

__all__ = [
    "plot_comparison",
    "plot_confusion_matrix",
    "plot_fold_roc",
    "plot_history",
    "plot_mistakes",
    "plot_precision_recall",
    "plot_reliability",
    "plot_roc",
    "save_figure",
]
