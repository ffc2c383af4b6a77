import sys

import pytest

import tumorscope
from tumorscope.cli.main import main


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["tumorscope", *map(str, arguments)])
    try:
        main()
    except SystemExit as exit_:
        return exit_.code
    return 0


def test_outlines_are_measured_when_all_three_are_given(monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(tumorscope, "localize", lambda *given, **_: seen.append(given))
    arguments = ("explain", "model", "slices", "--masks", "a.json", "--out", "o", "--count", 5)
    assert not run(monkeypatch, *arguments)
    assert [str(value) for value in seen[0]] == ["model", "slices", "a.json", "o", "yes", "5"]
    assert "localization.html" in "".join(capsys.readouterr())


@pytest.mark.parametrize("rest", [["slices"], ["--masks", "a.json"], ["slices", "--out", "o"]])
def test_half_of_them_is_an_input_error(monkeypatch, capsys, rest):
    assert run(monkeypatch, "explain", "model", *rest) == 2
    assert "together" in capsys.readouterr().err
