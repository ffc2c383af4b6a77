import pytest

import tumorscope


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


COMMANDS = {
    "train": ("data", "--out", "o"),
    "crossval": ("data", "--out", "o"),
    "compare": ("a", "b", "--out", "o"),
    "evaluate": ("model",),
    "explain": ("run",),
    "audit": (".", "--out", "o"),
    "predict": ("-",),
    "phantom": ("o",),
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_every_command_says_how_to_go_on_when_it_is_interrupted(run, monkeypatch, name, quiet):
    monkeypatch.setattr(tumorscope, name, interrupt)
    outcome = run(name, *COMMANDS[name], *quiet)
    assert outcome.code == 130
    assert outcome.out == ""
    said = outcome.err.strip().splitlines()[-1]
    assert said.startswith(f"{name}: stopped; ")
    assert ("--resume" in said) == (name in ("train", "crossval"))
    assert said.endswith("start it again") != ("--resume" in said)
