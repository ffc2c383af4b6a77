import pytest

import tumorscope

SLICES = {"outlined": 40, "copies": 12, "asked": 28, "called_tumor": 21}


def test_outlines_are_measured_when_all_three_are_given(run, monkeypatch):
    seen = []

    def localize(*given: object, **named: object) -> dict[str, object]:
        seen.append(given)
        assert named["negative"] == "b,c"
        return {"slices": SLICES}

    monkeypatch.setattr(tumorscope, "localize", localize)
    arguments = ("explain", "model", "slices", "--masks", "a.json", "--out", "o", "--count", 5)
    arguments += ("--negative", "b,c")
    outcome = run(*arguments)
    assert outcome.code == 0
    assert [str(value) for value in seen[0]] == ["model", "slices", "a.json", "o", "yes", "5"]
    assert "localization.html" in outcome.out + outcome.err
    assert "40 outlined slices: 12 left out as known to the model, 21 of 28 others" in outcome.err


def test_masks_may_be_left_to_the_data(run, monkeypatch):
    seen = []

    def localize(*given: object, **_: object) -> dict[str, object]:
        seen.append(given)
        return {"slices": SLICES}

    monkeypatch.setattr(tumorscope, "localize", localize)
    assert run("explain", "model", "slices.csv", "--out", "o").code == 0
    assert seen[0][2] is None


@pytest.mark.parametrize("rest", [["slices"], ["--masks", "a.json"], ["--out", "o"]])
def test_half_of_them_is_an_input_error(run, rest):
    outcome = run("explain", "model", *rest)
    assert outcome.code == 2
    assert "together" in outcome.err
