import re

import pytest

from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.report.data_summary import summarize_data
from tumorscope.report.limits import LIMITS
from tumorscope.report.model_card import render_model_card


@pytest.fixture
def card(artifact, metrics, manifest, recipe):
    return render_model_card(artifact, metrics, summarize_data(manifest, 1), recipe)


def test_the_sections_of_a_model_card_are_all_there(card):
    assert card.startswith("# Model card: brain MRI tumor classifier, recipe notebook\n")
    assert RESEARCH_USE_ONLY in card
    assert re.findall(r"^## (.+)$", card, re.MULTILINE) == [
        "What it is",
        "Use",
        "Training data",
        "Figures",
        "Limits",
        "Recipe",
        "How to predict",
        "Licences",
    ]


def test_data_figures_and_recipe_are_tables(card, metrics):
    assert "| train | 1 | 2 | 3 |" in card
    assert "| all | 3 | 5 | 8 |" in card
    assert "| Sensitivity | 66.7 % | 2 of 3 tumor slices found |" in card
    assert f"| Brier score | {metrics['brier']:.3f} |" in card
    assert "| model.dropout | 0.5 |" in card
    assert f"Fingerprint of the data: {'cd' * 32}" in card


def test_every_table_row_has_as_many_cells_as_its_head(card):
    for table in re.findall(r"(?:^\|.*\n)+", card, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_it_carries_the_same_limits_as_the_report(card):
    for limit in LIMITS:
        assert f"- **{limit.title}** {limit.meaning}" in card


def test_copies_across_the_split_are_a_caveat(artifact, metrics, manifest, recipe, card):
    assert "too good" not in card
    leaking = summarize_data(manifest.assign(group=0), 0)
    assert "both sides of the split: 1." in render_model_card(artifact, metrics, leaking, recipe)


def test_names_cannot_become_markup(artifact, metrics, manifest, recipe):
    artifact["backbone"] = "net](x) <b>|\n# Heading `code`"
    card = render_model_card(artifact, metrics, summarize_data(manifest, 0), recipe)
    assert r"Backbone: net\](x) \<b\>\| # Heading \`code\`, starting" in card
