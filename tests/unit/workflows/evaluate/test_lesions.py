import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.errors import InputError
from tumorscope.workflows.evaluate.lesions import add_lesion_shares


@pytest.fixture
def manifest(tmp_path):
    return pd.DataFrame(
        {
            "path": [str(tmp_path / f"{name}.png") for name in "abc"],
            "label": [0, 1, 1],
            "width": 40,
            "height": 40,
        }
    )


def add(manifest):
    return add_lesion_shares(manifest, lambda *_: None)


def test_without_masks_and_shares_nothing_is_known(manifest):
    assert "lesion_share" not in add(manifest)


def test_masks_are_measured_and_shares_of_the_table_stand_for_those_that_are_not_there(
    manifest, tmp_path
):
    mask_hw = np.zeros((40, 40), np.uint8)
    mask_hw[2:18, 3:13] = 255
    Image.fromarray(mask_hw).save(tmp_path / "mask.png")
    given = manifest.assign(**{"lesion_share of the data": ["", "0.5", "0.02"]})
    given = given.replace("", np.nan)
    assert add(given)["lesion_share"].tolist()[1:] == [0.5, 0.02]
    masked = given.assign(mask=[np.nan, str(tmp_path / "mask.png"), np.nan])
    assert add(masked)["lesion_share"].tolist() == [0, 0.1, 0.02]


@pytest.mark.parametrize("value", ["3.5", "-1", "large"])
def test_what_is_no_share_is_named(manifest, value):
    given = manifest.assign(**{"lesion_share of the data": ["0", value, "0.1"]})
    with pytest.raises(InputError, match=rf"b\.png: .*from 0 to 1, not '{value}'; correct it"):
        add(given)
