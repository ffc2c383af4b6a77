import re
import shlex

import pytest
import typer

from tumorscope.artifact.shipped import find_shipped_model
from tumorscope.cli.main import app
from tumorscope.evaluation.acceptance import measure_acceptance
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.caveats import CAVEATS, OUT_OF_FOLD_CAVEATS
from tumorscope.report.run.data_summary import summarize_data
from tumorscope.report.run.model_card import render_model_card


@pytest.fixture
def render(artifact, metrics, manifest, recipe):
    """Write the card, of another manifest if one is given."""

    def render(manifest=manifest):
        return render_model_card(artifact, metrics, summarize_data(manifest, 1), recipe)

    return render


@pytest.fixture
def card(render):
    return render()


def test_the_sections_of_a_model_card_are_all_there(card):
    assert card.startswith("# Model card: brain MRI tumor classifier, recipe notebook\n")
    assert RESEARCH_USE_ONLY in card
    assert re.findall(r"^## (.+)$", card, re.MULTILINE) == [
        "What it is",
        "Use",
        "Training data",
        "Figures",
        "Verdicts",
        "Limits",
        "Recipe",
        "How to predict",
        "Licences",
    ]


def test_data_figures_and_recipe_are_tables(card):
    assert "| train | 1 | 2 | 3 | 2 |" in card
    assert "| all | 3 | 5 | 8 | 7 |" in card
    assert "theirs: 2; the largest has 2 slices" in card
    plain = card.replace("\N{NO-BREAK SPACE}", " ").replace("\N{EN DASH}", "-")
    assert "| Accuracy | 60.0 % | 0.0-100.0 % | 50.0 % | 0.0-100.0 % |" in plain
    assert "| AUROC by DeLong | 0.833 | 0.090-0.996 | 0.750 | 0.069-0.992 |" in plain
    assert "By slices: 2 true positives, 1 false negative, 1 true negative, 1 false pos" in plain
    assert "| Tumor: set holds the truth | 50.0 % | 1.3-98.7 % | 2 groups |" in plain
    assert "| model.dropout | 0.5 |" in card
    assert f"Fingerprint of the data: {'cd' * 32}" in card


def test_every_table_row_has_as_many_cells_as_its_head(card):
    for table in re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_it_carries_the_same_limits_as_the_report(card):
    for limit in CAVEATS:
        assert f"- **{limit.title}** {limit.meaning}" in card


def test_card_of_a_model_trained_on_all_slices_says_whose_figures_it_has(metrics, render, card):
    assert "of which a part was held back" in card
    assert "chose the epoch" in card
    metrics |= {"part": "out of fold", "folds": 5, "repeats": 2}
    text = " ".join(render().split())
    assert "out of fold, by 5 x 2 models of a cross-validation that never saw" in text
    assert "so it has no held-out figure of its own" in text
    for limit in OUT_OF_FOLD_CAVEATS:
        assert limit.title in text
    assert "held back" not in text
    assert "chose the epoch" not in text
    assert "validation part" not in text


def test_it_says_how_a_verdict_comes_about(card):
    text = " ".join(card.split())
    assert "Temperature: 1.25." in text
    assert "Operating point: half. A slice whose probability is at least 0.5 is called" in text
    assert 'can be "no tumor" up to a probability of 0.62, and "tumor" from 0.45 on' in text
    assert "at most 10.0 % of the slices of a class get the other one's verdict" in text
    text = text.replace("\N{EN DASH}", "-")
    assert "| half | 0.5 | 50.0 % | 1.3-98.7 % | 50.0 % | 1.3-98.7 % |" in text
    assert r"| target\_sensitivity | 0.3 | 100.0 % | 15.8-100.0 % | 50.0 %" in text


def test_an_undefined_figure_has_no_interval(metrics, render):
    for counted in (metrics, metrics["per_group"]):
        counted["specificity"] = counted["intervals"]["specificity"] = None
    assert "| Specificity | undefined | none | undefined | none |" in render()


def test_what_the_guard_accepts_is_told_where_it_was_asked(metrics, render, card):
    assert "The guard takes" not in card
    metrics["guard"] = measure_acceptance([True] * 5, [0, 1, 2, 3, 3])
    assert "The guard takes 100.0" in render()


def test_copies_across_the_split_are_an_alarm(metrics, render, card):
    assert "flattered" not in card
    metrics["copies"]["slices"] = 2
    assert "> **2 of 5 validation slices have a copy in training: these figures are" in render()


def test_names_cannot_become_markup(artifact, render):
    artifact["backbone"] = "net](x) <b>|\n# Heading `code`"
    assert r"Backbone: net\](x) \<b\>\| # Heading \`code\`, starting" in render()


def test_the_command_shown_predicts_with_the_model_that_lies_beside_the_card(card):
    assert read_command(card) == (["SLICE_OR_FOLDER"], "FOLDER_OF_THIS_CARD")
    shipped = (find_shipped_model() / "MODEL_CARD.md").read_text("utf-8")
    assert read_command(shipped) == (["SLICE_OR_FOLDER"], "FOLDER_OF_THIS_CARD")


def read_command(card: str) -> tuple[list[str], str]:
    """Give the scans and the model that the command of a card names, as the program takes it."""
    (line,) = re.findall(r"^tumorscope predict (.*)$", card, re.MULTILINE)
    command = typer.main.get_command(app).commands["predict"]
    given = command.make_context("predict", shlex.split(line)).params
    return [str(path) for path in given["scans"]], str(given["model"])


class TestSeries:
    @pytest.fixture
    def render_series(self, artifact, metrics, manifest, recipe):
        def render(**changes):
            data = summarize_data(manifest, 1)
            counts = {"tumor": 30, "no_tumor": 1200}
            card = render_model_card({**artifact, **changes}, metrics, data, recipe, counts)
            return " ".join(card.replace("\\", "").split())

        return render

    def test_a_rule_that_could_not_be_fitted_is_said_so_with_the_numbers(self, render_series):
        said = "- Whole series: not fitted: 30 series with and 1,200 without a tumor. The largest"
        assert said in render_series()
        assert said in render_series(series=None)

    def test_a_fitted_rule_is_told_with_its_numbers(self, render_series):
        rule = {
            "slope": 0.8125,
            "intercept": -2.5,
            "operating_points": {"half": 0.5, "youden": 0.375},
            "conformal": {"error": 0.1, "no_tumor": 0.25, "tumor": 0.375},
            "no_tumor": 1200,
            "tumor": 30,
        }
        card = render_series(series=rule, operating_point="youden")
        assert "- Whole series: fitted on 30 series with and 1,200 without a tumor" in card
        assert "times 0.812 and -2.5, comes a probability" in card
        assert (
            'called a tumor from 0.375 on, can be "no tumor" up to 0.25 and "tumor" from 0.625 on'
            in card
        )


def test_without_any_series_the_card_says_there_were_none(card):
    assert "not fitted: 0 series with and 0 without a tumor" in " ".join(card.split())


def test_alarms_stand_above_all_that_could_be_believed(artifact, metrics, manifest, recipe):
    alarmed = {**metrics, "alarms": ["It can never say *tumor*."]}
    card = render_model_card(artifact, alarmed, summarize_data(manifest, 1), recipe)
    assert "> **Alarm: It can never say \\*tumor\\*.**\n" in card
    assert card.index("Alarm:") < card.index("## What it is")
