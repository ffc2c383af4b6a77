from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import tumorscope
from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import OPENVINO_FILE
from tumorscope.errors import InputError
from tumorscope.inference.brain import find_without_brain
from tumorscope.inference.engine import Engine
from tumorscope.inference.guard import UNLIKE, Guard
from tumorscope.preprocessing import take_gray
from tumorscope.progress import ignore_progress
from tumorscope.workflows.guard_fitting import find_little_brain, find_reasons, fit_guard


@pytest.fixture
def fit(tiny_artifact):
    """Fit on files and their groups; the features are the mean red, green and blue."""
    settings = read_artifact(tiny_artifact).preprocessing

    def fit(groups, on_progress=ignore_progress):
        training = pd.DataFrame({"path": list(map(str, groups)), "group": list(groups.values())})
        return fit_guard(Engine(tiny_artifact / OPENVINO_FILE), training, settings, on_progress)

    return fit


def write_flag(path) -> None:
    flag = np.zeros((60, 60, 3), np.uint8)
    flag[:30, :, 0], flag[30:, :, 2] = 255, 255
    Image.fromarray(flag).save(path)


@pytest.mark.slow
def test_every_group_counts_once(fit, write_slice, tmp_path):
    dark = {write_slice(tmp_path / f"{n}.png", 40): 0 for n in range(9)}
    bright = {write_slice(tmp_path / "bright.png", 100): 1}
    one = dict(list(dark.items())[:1])
    np.testing.assert_allclose(fit(dark | bright).mean, fit(one | bright).mean, rtol=1e-3)


def test_phantoms_count_like_four_groups_and_have_no_say_in_the_limit(
    fit, write_slice, tmp_path, monkeypatch
):
    fitted = []
    monkeypatch.setattr(
        "tumorscope.workflows.guard_fitting.fit_subspace", lambda *given, **_: fitted.append(given)
    )
    fit({write_slice(tmp_path / f"{n}.png", 40 + n): n for n in range(3)})
    ((features, groups, phantoms),) = fitted
    assert groups.tolist() == [0, 1, 2] * 2
    assert features.shape == (6, 3)
    assert phantoms.shape == (4, 3)
    assert len(np.unique(phantoms[:, 0])) == 4


def test_what_the_rules_on_pixels_refuse_is_left_out(fit, write_slice, tmp_path):
    write_flag(tmp_path / "flag.png")
    groups = {write_slice(tmp_path / "a.png", 60): 0, tmp_path / "flag.png": 1}
    alone = dict(list(groups.items())[:1])
    np.testing.assert_array_equal(fit(groups).mean, fit(alone).mean)


def test_progress_reaches_the_number_of_slices_and_then_that_of_the_fits(
    fit, write_slice, tmp_path
):
    reports = []
    groups = {write_slice(tmp_path / f"{n}.png", 40 + n): n for n in range(20)}
    fit(groups, lambda *report: reports.append(report))
    assert reports == [
        ("reading for the guard", 16, 20),
        ("reading for the guard", 20, 20),
        *(("fitting the guard", done, 6) for done in range(1, 7)),
    ]


def test_unreadable_slice_is_named(fit, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"a\.png"):
        fit({tmp_path / "a.png": 0})


def test_reasons_are_given_in_the_order_of_the_slices(tiny_artifact, write_slice, tmp_path):
    engine, guard = Engine(tiny_artifact / OPENVINO_FILE), Guard.load(tiny_artifact)
    paths = [str(write_slice(tmp_path / f"{n}.png", 40 + n)) for n in range(20)]
    write_flag(paths[17])
    settings = read_artifact(tiny_artifact).preprocessing
    expected = [None] * 17 + ["100 % of it is in color"] + [None] * 2
    assert find_reasons(engine, guard, paths, settings) == expected
    strict = Guard(guard.subspace._replace(limit=0.0))
    assert find_reasons(engine, strict, paths[:2], settings) == [UNLIKE, UNLIKE]
    assert find_reasons(engine, guard, [], settings) == []


def test_little_brain_is_what_prediction_finds_in_the_same_slices(tiny_artifact, tmp_path):
    sides = {"a": [30, 300, 360, 340, 90], "b": [40, 38, 36, 34, 30]}
    rows = []
    for series, heads in sides.items():
        for place, side in enumerate(heads):
            gray_hw = np.zeros((400, 420), np.uint8)
            gray_hw[:side, :side] = np.linspace(90, 200, side)
            path = tmp_path / f"{series}{place}.png"
            Image.fromarray(gray_hw).save(path)
            rows.append({"path": str(path), "series": series, "place": place})
    slices = pd.DataFrame(rows).sample(frac=1, random_state=1)
    alone = slices.assign(path=slices["path"].iloc[0], series="c", place=np.nan).iloc[:1]
    found = find_little_brain(pd.concat([slices, alone.set_axis([99])]))
    # Of b all are small, but not by one another; by the heads of a they would be.
    little = set(slices["path"][found[slices.index]])
    assert little == {str(tmp_path / f"a{place}.png") for place in (0, 4)}
    assert not found[99]
    predictor = tumorscope.load(tiny_artifact)
    for _, series in slices.sort_values("place").groupby("series"):
        answers = predictor.predict(map(Path, series["path"]))
        grays = [take_gray(answer.reduce(256).image) for answer in answers]
        assert found[series.index].tolist() == find_without_brain(grays)
