import json

import numpy as np
import pytest

from tumorscope.cli.evaluation_table import print_ending, print_evaluation
from tumorscope.evaluation.acceptance import measure_acceptance
from tumorscope.evaluation.assessment import assess_decisions
from tumorscope.evaluation.decisions.conformal import ConformalLimits


@pytest.fixture(scope="module")
def assessment():
    generator = np.random.default_rng(0)
    labels = np.arange(80) % 2
    probabilities = np.clip(labels * 0.5 + generator.uniform(0, 0.5, 80), 0, 1)
    return assess_decisions(
        labels,
        probabilities,
        probabilities,
        np.arange(80) // 2 + 100 * labels,
        {"half": 0.5, "youden": 0.4},
        "half",
        ConformalLimits(0.6, 0.6),
    )


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


def make_external(assessment, copies, is_enough=True, clean=True):
    return {
        "copies": {"slices": copies, "of": 80},
        "is_enough": is_enough,
        "clean": assessment if clean else None,
        "with_copies": assessment,
        "subgroups": {"size": {"under 256 px": assessment}},
    }


class TestPrintEvaluation:
    def test_validation_part_with_intervals_by_slices_and_groups(self, assessment, capsys):
        print_evaluation({"part": "validation", **assessment, "copies": {"slices": 0, "of": 80}})
        out = capsys.readouterr().out
        low, high = assessment["per_group"]["intervals"]["auroc"]
        assert f"{low:.3f} - {high:.3f}" in out
        assert "each of 80" in out
        assert "youden" in out
        assert "coverage of tumor" in out
        assert "flattered" not in out

    def test_validation_part_with_copies_in_training_says_so(self, assessment, capsys):
        print_evaluation({"part": "validation", **assessment, "copies": {"slices": 9, "of": 80}})
        assert "9 of these 80 slices have a copy in training" in capsys.readouterr().out

    def test_figures_out_of_fold_are_called_so(self, assessment, capsys):
        print_evaluation({"part": "out of fold", **assessment, "copies": {"slices": 0, "of": 80}})
        assert "Out of fold, by models that never saw the slice" in capsys.readouterr().out

    def test_what_the_guard_refuses_is_counted_where_it_was_asked(self, assessment, capsys):
        validation = {"part": "validation", **assessment, "copies": {"slices": 0, "of": 80}}
        print_evaluation(validation)
        assert "not assessable" not in capsys.readouterr().out
        guard = measure_acceptance([False] * 8 + [True] * 72, np.arange(80) // 2)
        print_evaluation({**validation, "guard": guard})
        out = capsys.readouterr().out
        assert "not assessable: 8 of 80 slices, which all figures count" in out
        assert "accepted 0.900 (" in out
        assert "each of 40 groups once 0.900 (" in out

    @pytest.mark.parametrize("copies", [0, 75])
    def test_what_the_guard_refuses_of_too_few_slices_is_told_unless_it_knows_them(
        self, assessment, capsys, copies
    ):
        guard = measure_acceptance([False] * 8 + [True] * 72, np.arange(80) // 2)
        print_evaluation(make_external({**assessment, "guard": guard}, copies, is_enough=False))
        assert ("not assessable: 8 of 80 slices" in capsys.readouterr().out) == (copies == 0)

    def test_clean_figures_come_first(self, assessment, capsys):
        print_evaluation(make_external(assessment, copies=30))
        out = capsys.readouterr().out
        assert "30 of 80 slices are copies" in out
        assert "50 remain" in out
        assert out.index("never met") < out.index("copies included: flattered")
        assert "under 256 px" in out

    def test_without_copies_there_is_one_table(self, assessment, capsys):
        print_evaluation(make_external(assessment, copies=0))
        assert "copies" not in capsys.readouterr().out

    @pytest.mark.parametrize("clean", [True, False])
    def test_too_few_clean_slices_give_no_figure(self, assessment, capsys, clean):
        print_evaluation(make_external(assessment, 75, is_enough=False, clean=clean))
        out = capsys.readouterr().out
        assert "75 of 80 slices are copies" in out
        assert "too few to say anything" in out
        assert "accuracy" not in out
        assert f"{assessment['accuracy']:.3f}" not in out

    def test_figure_that_cannot_be_computed_is_a_dash(self, assessment, capsys):
        figures = {
            **assessment,
            "auroc": None,
            "intervals": {**assessment["intervals"], "auroc": None},
        }
        print_evaluation({"part": "validation", **figures, "copies": {"slices": 0, "of": 80}})
        row = next(line for line in capsys.readouterr().out.splitlines() if "auroc" in line)
        assert row.count(" - │") + row.count(" - ") >= 2


class TestPrintEnding:
    def test_four_figures_with_intervals_and_the_share_uncertain(
        self, assessment, tmp_path, capsys
    ):
        file = tmp_path / "metrics.json"
        file.write_text(json.dumps({"part": "validation", **assessment}), "utf-8")
        print_ending(file)
        out = capsys.readouterr().out
        assert "Validation part" in out
        for name in ("accuracy", "sensitivity", "specificity", "auroc"):
            low, high = assessment["intervals"][name]
            assert f"{low:.3f} - {high:.3f}" in out
        assert f"{assessment['verdicts']['uncertain']['share']:.3f}" in out
        assert "brier" not in out


def test_alarms_stand_above_an_evaluation(assessment, capsys):
    copies = {"slices": 0, "of": 80}
    alarms = ['Never answers "tumor" [at all].']
    print_evaluation({"part": "validation", **assessment, "copies": copies, "alarms": alarms})
    assert capsys.readouterr().out.lstrip().startswith('Never answers "tumor" [at all].')
