import logging

import numpy as np
import pytest

from tumorscope.cli.console import print_comparison, say, show_progress
from tumorscope.evaluation.comparison import compare_scores


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


class TestComparison:
    @pytest.fixture
    def comparison(self):
        rng = np.random.default_rng(0)
        labels = np.arange(60) % 2
        noisy, sharp = (
            1 / (1 + np.exp(rng.normal(0, spread, 60) - 4 * labels + 2)) for spread in (3, 1)
        )
        result = compare_scores(labels, noisy, sharp, 0.5, np.arange(60) // 2)
        return {"first": "[noisy]", "second": "other", **result}

    def test_differences_stand_with_their_intervals_by_slices_and_by_groups(
        self, comparison, capsys, monkeypatch
    ):
        monkeypatch.setenv("COLUMNS", "100")
        print_comparison(comparison)
        out = capsys.readouterr().out
        assert "60 slices" in out
        assert "30 groups" in out
        assert "[noisy]" in out
        accuracy = comparison["differences"]["accuracy"]
        low, high = accuracy["interval"]
        assert f"{accuracy['difference']:+.3f}" in out
        assert f"({low:+.3f} to {high:+.3f})" in out
        for test, name in (("auroc_delong", "DeLong"), ("mcnemar_clustered", "McNemar")):
            by_slice, by_group = (
                counted[test]["p_value"] for counted in (comparison, comparison["per_group"])
            )
            assert f"p = {by_slice:.2g} by slices, {by_group:.2g} by groups ({name}" in out
        assert "recall" not in out

    def test_what_cannot_be_computed_is_a_dash(self, comparison, capsys):
        undefined = dict.fromkeys(("first", "second", "difference", "interval"))
        comparison["differences"]["auroc"] = undefined
        for counted in (comparison, comparison["per_group"]):
            counted["auroc_delong"] = counted["mcnemar_clustered"] = None
        print_comparison(comparison)
        out = capsys.readouterr().out
        assert "p = - by slices, - by groups (DeLong" in out
        assert "p = - by slices, - by groups (McNemar" in out
