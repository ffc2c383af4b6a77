import pytest

import tumorscope


def test_outlines_are_measured_when_all_three_are_given(run, monkeypatch):
    seen = []
    monkeypatch.setattr(tumorscope, "localize", lambda *given, **_: seen.append(given))
    arguments = ("explain", "model", "slices", "--masks", "a.json", "--out", "o", "--count", 5)
    outcome = run(*arguments)
    assert outcome.code == 0
    assert [str(value) for value in seen[0]] == ["model", "slices", "a.json", "o", "yes", "5"]
    assert "localization.html" in outcome.out + outcome.err


def test_masks_may_be_left_to_the_data(run, monkeypatch):
    seen = []
    monkeypatch.setattr(tumorscope, "localize", lambda *given, **_: seen.append(given))
    assert run("explain", "model", "slices.csv", "--out", "o").code == 0
    assert seen[0][2] is None


@pytest.mark.parametrize("rest", [["slices"], ["--masks", "a.json"], ["--out", "o"]])
def test_half_of_them_is_an_input_error(run, rest):
    outcome = run("explain", "model", *rest)
    assert outcome.code == 2
    assert "together" in outcome.err
