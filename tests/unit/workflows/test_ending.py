import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from tumorscope.errors import Alarm
from tumorscope.evaluation.assessment import assess_decisions
from tumorscope.evaluation.decisions.conformal import ConformalLimits
from tumorscope.workflows.ending import conclude


@pytest.fixture(scope="module")
def metrics():
    labels = np.arange(80) % 2
    probabilities = labels * 0.5 + np.random.default_rng(0).uniform(0, 0.5, 80)
    limits = ConformalLimits(0.6, 0.6)
    decisions = probabilities, probabilities, np.arange(80), {"half": 0.5}, "half", limits
    return {**assess_decisions(labels, *decisions), "alarms": []}


def test_alarms_are_warnings_and_copies_come_first(metrics):
    with pytest.warns(Alarm) as warned:
        conclude({**metrics, "alarms": ["It collapsed."]}, "9 copies.")
    assert [str(warning.message) for warning in warned] == ["9 copies.", "It collapsed."]


def test_good_end_is_silent(metrics):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conclude(metrics, None)


def test_notebook_shows_the_figures_with_their_intervals(metrics, monkeypatch):
    shown = []
    module = SimpleNamespace(
        get_ipython=lambda: SimpleNamespace(kernel=object()),
        display=SimpleNamespace(display=lambda content, **_: shown.append(content["text/html"])),
    )
    monkeypatch.setitem(sys.modules, "IPython", module)
    conclude(metrics, None)
    (table,) = shown
    low, high = metrics["intervals"]["auroc"]
    assert f"{low:.3f}\N{EN DASH}{high:.3f}" in table
    for name in ("Accuracy", "Sensitivity", "Specificity", "AUROC", "Verdict uncertain"):
        assert name in table
