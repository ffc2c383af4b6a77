import logging

import pytest

from tumorscope.cli.console import print_metrics, say, show_progress


def test_quiet_progress_prints_nothing(capsys):
    with show_progress(quiet=True) as report:
        report("reading", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_progress_goes_to_stderr_and_shows_every_stage(capsys):
    with show_progress(quiet=False) as report:
        report("reading", 2, 2)
        report("training", 1, 5)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "reading" in captured.err
    assert "2/2" in captured.err
    assert "1/5" in captured.err


def test_log_handler_is_taken_off_even_after_an_error():
    logger = logging.getLogger("tumorscope")
    before = list(logger.handlers)

    def fail() -> None:
        with show_progress(quiet=False):
            assert len(logger.handlers) == len(before) + 1
            raise ValueError("broken off")

    with pytest.raises(ValueError, match="broken off"):
        fail()
    assert logger.handlers == before


@pytest.mark.parametrize("message", ["a" * 300, "[red]x[/red]", "[/]", "c:\\[x]", "at 12:x:30"])
def test_message_is_printed_as_it_is_on_one_line(capsys, message):
    say(message)
    assert capsys.readouterr() == ("", message + "\n")


def test_figure_that_cannot_be_computed_is_a_dash(capsys):
    print_metrics({"roc_auc": None, "accuracy": 0.5, "slices": 4, "counts": {"tp": 1}})
    out = capsys.readouterr().out
    assert "roc auc" in out
    assert "-" in out
    assert "0.5000" in out
    assert "counts" not in out
