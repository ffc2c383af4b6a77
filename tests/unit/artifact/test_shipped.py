from tumorscope.artifact.reader import read_artifact, read_known_codes
from tumorscope.artifact.shipped import find_shipped_model
from tumorscope.provenance import RESEARCH_USE_ONLY

MOST_BYTES = 10 * 10**6


def test_package_carries_a_model_that_is_whole_and_small():
    folder = find_shipped_model()
    spec = read_artifact(folder)  # verifies every checksum
    assert spec.backbone == "efficientnetlite0"
    assert spec.heatmap == "lesion map"
    assert len(read_known_codes(folder)) > 3000
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES


def test_its_card_says_what_it_was_trained_on_and_what_it_is_not_for():
    card = (find_shipped_model() / "MODEL_CARD.md").read_text("utf-8")
    assert RESEARCH_USE_ONLY in card
    for words in ("Navoneel", "Br35H", "CC0", "out of fold", "copies of one another", "Licences"):
        assert words in card
