"""Tumorscope: train, check, explain and run a brain MRI tumor classifier.

Research use only. Not a medical device; not for diagnosis.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tumorscope.workflows.audit.command import audit
    from tumorscope.workflows.compare import compare
    from tumorscope.workflows.crossval.command import crossval
    from tumorscope.workflows.evaluate.command import evaluate
    from tumorscope.workflows.explain.command import explain
    from tumorscope.workflows.explain.localize import localize
    from tumorscope.workflows.load import load
    from tumorscope.workflows.phantom import phantom
    from tumorscope.workflows.predict.command import predict
    from tumorscope.workflows.train.command import train

__version__ = "0.1.0.dev0"
__all__ = [
    "audit",
    "compare",
    "crossval",
    "evaluate",
    "explain",
    "load",
    "localize",
    "phantom",
    "predict",
    "train",
]

_WORKFLOWS = {
    "audit": "audit.command",
    "compare": "compare",
    "crossval": "crossval.command",
    "evaluate": "evaluate.command",
    "explain": "explain.command",
    "load": "load",
    "localize": "explain.localize",
    "phantom": "phantom",
    "predict": "predict.command",
    "train": "train.command",
}


def __getattr__(name: str) -> object:
    """Import a workflow when it is first asked for, so that importing the package is quick."""
    if name in _WORKFLOWS:
        return getattr(import_module(f"tumorscope.workflows.{_WORKFLOWS[name]}"), name)
    raise AttributeError(f"module 'tumorscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
