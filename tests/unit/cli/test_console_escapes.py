import logging
import sys

import pytest

from tumorscope.cli.console import make_visible, say, show_progress

HOSTILE = "a\x1b[31m\x1b]0;title\x07\x9b2J\r\u202egnp.png"


def assert_nothing_to_obey(text: str) -> None:
    assert not [sign for sign in text if sign in "\x1b\x07\x9b\r\u202e"], ascii(text)


def test_what_a_terminal_would_obey_is_shown_as_its_escape():
    assert make_visible(HOSTILE) == r"a\x1b[31m\x1b]0;title\x07\x9b2J\r\u202egnp.png"


@pytest.mark.parametrize("text", ["脑 ü.png", "a [b] :x: 1.png", "first\nsecond", "\udcff", "à́"])
def test_anything_else_stays(text):
    assert make_visible(text) == text


def test_messages_and_log_lines_hold_none(capsys):
    say(HOSTILE)
    with show_progress(quiet=False):
        logging.getLogger("tumorscope").warning("left out: %s", HOSTILE)
    err = capsys.readouterr().err
    assert_nothing_to_obey(err)
    assert err.count(r"\x1b[31m") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
@pytest.mark.parametrize("options", [[], ["--json"], ["--out", "answers.csv"]])
def test_names_of_files_reach_no_terminal_as_they_are(
    run, tiny_artifact, write_slice, tmp_path, monkeypatch, options
):
    monkeypatch.chdir(tmp_path)
    good = write_slice(tmp_path / "slices" / HOSTILE)
    good.with_name(f"bad {HOSTILE}").write_bytes(b"no image")
    outcome = run("predict", "slices", "--model", tiny_artifact, *options)
    assert outcome.code == 2
    assert_nothing_to_obey(outcome.out + outcome.err)
    missing = run("predict", f"gone {HOSTILE}", "--model", tiny_artifact)
    assert_nothing_to_obey(missing.out + missing.err)
    assert r"gone a\x1b[31m" in missing.err
