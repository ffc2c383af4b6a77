"""Tumorscope: train, check, explain and run a brain MRI tumor classifier.

Research use only. Not a medical device; not for diagnosis.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tumorscope.workflows.audit import audit
    from tumorscope.workflows.compare import compare
    from tumorscope.workflows.crossval import crossval
    from tumorscope.workflows.evaluate import evaluate
    from tumorscope.workflows.explain import explain
    from tumorscope.workflows.load import load
    from tumorscope.workflows.localize import localize
    from tumorscope.workflows.phantom import phantom
    from tumorscope.workflows.predict import predict
    from tumorscope.workflows.train import train

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


def __getattr__(name: str) -> object:
    """Import a workflow when it is first asked for, so that importing the package is quick."""
    if name in __all__:
        return getattr(import_module(f"tumorscope.workflows.{name}"), name)
    raise AttributeError(f"module 'tumorscope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
