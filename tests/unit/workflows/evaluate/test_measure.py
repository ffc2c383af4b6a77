import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.writer import write_artifact
from tumorscope.checksum import compute_sha256
from tumorscope.inference.predictor import Predictor
from tumorscope.workflows.evaluate.measure import mark_little_brain, tabulate_answers
from tumorscope.workflows.measuring.neighbours import heed_series

SLICES = 6


@pytest.fixture
def predictor(tiny_artifact, tmp_path):
    """A model that lets neighbours have a say."""
    model = tmp_path / "model"
    shutil.copytree(tiny_artifact, model)
    write_artifact(model, read_artifact(tiny_artifact).model_copy(update={"reach": 0.4}))
    return Predictor.load(model)


@pytest.fixture
def manifest(write_slice, tmp_path):
    """Two heads of six slices, in falling order, and a lone slice."""
    rows = [
        (str(write_slice(tmp_path / f"{head}{at}.png", 40 + 10 * at)), head, SLICES - at)
        for head in "ab"
        for at in range(SLICES)
    ]
    rows.append((str(write_slice(tmp_path / "lone.png", 60)), None, None))
    manifest = pd.DataFrame(rows, columns=["path", "series", "slice"])
    sums = [compute_sha256(Path(path)) for path in manifest["path"]]
    return manifest.assign(label=0, label_name="no", sha256=sums, group=range(len(rows)))


def tabulate(predictor, manifest, part=None):
    return tabulate_answers(predictor, manifest, "", lambda *_: None, part)


def test_slices_of_a_part_have_their_places_in_the_whole_series(predictor, manifest):
    whole = tabulate(predictor, manifest)
    assert whole["place"].tolist()[:SLICES] == [5, 4, 3, 2, 1, 0]
    assert np.isnan(whole["place"].iloc[-1])
    split = manifest.assign(split=["validation"] * SLICES + ["train"] * SLICES + ["validation"])
    part = tabulate(predictor, split, "validation")
    expected = whole[whole["series"] != "b"].reset_index(drop=True)
    pd.testing.assert_frame_equal(part, expected)


def test_slices_of_a_divided_series_are_no_neighbours(predictor, manifest):
    split = manifest.assign(split=["validation", "train"] * SLICES + ["train"])
    part = tabulate(predictor, split, "validation")
    assert part["path"].tolist() == manifest["path"].tolist()[:-1:2]
    assert "place" not in part
    alone = [answer.raw_probability for answer in predictor.predict(map(Path, part["path"]))]
    np.testing.assert_allclose(part["raw_probability"], alone)
    # As if they were consecutive, they would have had a say.
    as_if = part.assign(series="a", place=range(SLICES), reason=None)
    assert not np.allclose(heed_series(as_if, part["raw_probability"], 0.4), alone)


def test_slices_with_little_brain_are_marked_by_the_pictures_that_hold_them(manifest):
    gray_hw = np.zeros((64, 64), np.uint8)
    gray_hw[:5, :5] = 150
    Image.fromarray(gray_hw).save(manifest["path"][2])
    named = manifest.assign(unpacked_from=[f"head.nii#{row}" for row in range(len(manifest))])
    table = pd.DataFrame(
        {
            "path": named["unpacked_from"][:SLICES],
            "series": "a",
            "place": range(SLICES),
        }
    )
    assert mark_little_brain(table, named)["little_brain"].tolist() == [
        False, False, True, False, False, False
    ]  # fmt: skip
    alone = table[["path"]]
    assert mark_little_brain(alone, named) is alone
