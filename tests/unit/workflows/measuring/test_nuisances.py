import numpy as np
import pandas as pd
import pytest

from tumorscope.workflows.measuring.nuisances import measure_nuisances


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Ten heads of eleven slices: tumors in the middle, all called rightly but the small ones."""
    number = np.tile(np.arange(11), 10)
    label = ((number >= 4) & (number <= 6)).astype(int)
    share = np.select([label == 0, number == 4, number == 6], [0, 0.002, 0.01], 0.05)
    small = share == 0.002
    return pd.DataFrame(
        {
            "label": label,
            "group": np.repeat(np.arange(10), 11),
            "level": number / 10,
            "plane": "axial",
            "sequence": np.repeat(["T1", "T2"], 55),
            "lesion_share": share,
            "verdict": np.where(label & ~small, "tumor", "no tumor"),
        }
    )


def test_the_level_that_gives_the_label_away_is_found(predictions):
    guess = measure_nuisances(predictions)["guess"]
    assert guess["level"] > 0.9
    assert guess["sequence"] == pytest.approx(0.5, abs=0.05)
    assert guess["plane"] == pytest.approx(0.5, abs=0.05)
    assert guess["together"] > 0.9


def test_verdicts_are_measured_by_fifths_sequence_and_lesion_share(predictions):
    by = measure_nuisances(predictions)["by"]
    assert list(by["level"]) == [
        "lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth"
    ]  # fmt: skip
    assert by["level"]["lowest fifth"]["tumor"] is None
    assert by["level"]["middle fifth"]["tumor"]["right"] == 0.5
    assert by["sequence"]["T2"]["no_tumor"]["right"] == 1
    shares = {name: of["tumor"]["right"] for name, of in by["lesion_share"].items()}
    assert shares == {"under 0.3 %": 0, "1 to 3 %": 1, "3 % and more": 1}


def test_without_places_and_sources_there_is_nothing_to_say(predictions):
    plain = predictions[["label", "group", "verdict"]]
    assert measure_nuisances(plain) == {}
