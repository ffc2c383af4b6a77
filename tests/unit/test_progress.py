import sys
from types import SimpleNamespace

import pytest

from tumorscope.progress import find_display, show_in_notebook


class Handle:
    def __init__(self, shown: list[str]) -> None:
        self._shown = shown

    def update(self, line: dict[str, str], raw: bool) -> None:
        assert raw
        self._shown[-1] = line["text/plain"]


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """Run as in a notebook, and give the lines that it shows."""
    lines: list[str] = []

    def display(line: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        lines.append(line["text/plain"])
        return Handle(lines)

    shell = SimpleNamespace(kernel=object())
    module = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", module)
    return lines


def test_outside_of_a_notebook_nothing_is_shown(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert find_display() is None
    terminal = SimpleNamespace(get_ipython=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "IPython", terminal)
    assert find_display() is None
    show_in_notebook("training", 1, 2)


def test_each_stage_has_a_line_that_fills(shown):
    show_in_notebook("training", 1, 4)
    show_in_notebook("training", 4, 4)
    show_in_notebook("evaluating", 1, 1)
    assert shown == [
        f"training [{'#' * 30}] 4 of 4, 0:00",
        f"evaluating [{'#' * 30}] 1 of 1, 0:00",
    ]


def test_stage_that_begins_anew_has_a_new_line(shown):
    for _ in range(2):
        show_in_notebook("reading", 2, 2)
    assert len(shown) == 2


def test_unknown_total_is_a_count(shown):
    show_in_notebook("looking", 7, 0)
    assert shown == ["looking: 7, 0:00"]
