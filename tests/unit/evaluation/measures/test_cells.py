import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.evaluation.measures.cells import guess_by_cells, name_cells


@pytest.fixture
def slices() -> pd.DataFrame:
    """Two sources of twenty heads: one has tumors in T1, the other in the middle of the head."""
    level = np.tile(np.linspace(0, 1, 11), 40)
    head = np.repeat(np.arange(40), 11)
    source = np.where(head < 20, "a", "b")
    sequence = np.where(head % 2 == 0, "T1", "T2")
    is_tumor = np.where(source == "a", sequence == "T1", abs(level - 0.5) < 0.15)
    return pd.DataFrame(
        {
            "level": level,
            "sequence": sequence,
            "source": source,
            "plane": None,
            "label": is_tumor.astype(int),
            "group": head,
        }
    )


def test_levels_are_fifths_and_what_is_not_known_of_any_slice_is_left_out(slices):
    slices.loc[3, ["level", "sequence"]] = None
    cells = name_cells(slices)
    assert list(cells) == ["level", "sequence", "source"]
    names = ["lowest fifth", "lowest fifth", "second fifth", "unknown", "middle fifth"]
    assert cells["level"][:5].tolist() == names
    assert cells["level"][10] == "highest fifth"
    assert cells["sequence"][3] == "unknown"


def test_each_guess_is_that_of_the_share_of_tumors_at_a_value(slices):
    cells = name_cells(slices)
    guess = guess_by_cells(cells, slices["label"], slices["group"])
    assert list(guess) == ["level", "sequence", "source", "together"]
    values = pd.concat(cells, axis=1)
    columns = {name: [name] for name in cells} | {"together": list(cells)}
    for name, by in columns.items():
        share = slices["label"].groupby([values[one] for one in by]).transform("mean")
        assert guess[name] == pytest.approx(roc_auc_score(slices["label"], share), abs=0.005)
    assert guess["together"] > 0.95 > max(guess[name] for name in cells)


def test_a_single_column_has_nothing_to_be_together_with(slices):
    cells = name_cells(slices[["level"]])
    assert list(guess_by_cells(cells, slices["label"], slices["group"])) == ["level"]
