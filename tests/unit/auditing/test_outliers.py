import io
import re
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_image

from tumorscope.auditing.outliers import PictureFeatures, find_outliers, measure_picture
from tumorscope.phantoms import draw_phantom
from tumorscope.scans.images import read_slice

pytestmark = pytest.mark.slow

COUNT = 120


def tabulate(images):
    return pd.DataFrame([measure_picture(image) for image in images])


@pytest.fixture(scope="module")
def phantoms():
    drawn = (draw_phantom(31, index, has_tumor=index % 2 == 0).image_hw for index in range(COUNT))
    return [np.repeat(gray_hw[..., np.newaxis], 3, axis=-1) for gray_hw in drawn]


@pytest.fixture(scope="module")
def features(phantoms):
    return tabulate(phantoms)


def draw_page(ink, paper):
    page = Image.new("RGB", (600, 800), paper)
    font = ImageFont.load_default(16)
    for line in range(40):
        ImageDraw.Draw(page).text((30, 20 + 19 * line), "the patient was seen " * 4, ink, font)
    return np.array(page)


def draw_plot():
    figure, file = Figure(figsize=(4, 3)), io.BytesIO()
    figure.subplots().plot([1, 3, 2], color="black")
    figure.savefig(file)
    return np.array(Image.open(file).convert("RGB"))


def make_gray(image):
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def make_film(phantoms):
    row = [cv2.resize(phantom, (120, 140)) for phantom in phantoms[:4]]
    return np.vstack([np.hstack(row)] * 4)


def make_mask():
    return cv2.circle(np.zeros((256, 256, 3), np.uint8), (100, 120), 30, (255, 255, 255), -1)


SAMPLES = Path(mpl.get_data_path()) / "sample_data"
FOREIGN = {
    "color photo of a palace": (lambda _: load_sample_image("china.jpg"), "is in color"),
    "color photo of a flower": (lambda _: load_sample_image("flower.jpg"), "is in color"),
    "portrait": (lambda _: read_slice(SAMPLES / "grace_hopper.jpg"), "is in color"),
    "cards": (lambda _: read_slice(SAMPLES / "Minduka_Present_Blue_Pack.png"), "is in color"),
    "logo": (lambda _: read_slice(SAMPLES / "logo2.png"), "is in color"),
    "gray photo of a palace": (lambda _: make_gray(load_sample_image("china.jpg")), "background"),
    "gray photo of a flower": (
        lambda _: make_gray(load_sample_image("flower.jpg")),
        "background not dark",
    ),
    "page of text": (lambda _: draw_page("black", "white"), "light background"),
    "plot": (lambda _: draw_plot(), "light background"),
    "negative": (lambda phantoms: 255 - phantoms[3], "light background"),
    "sheet of film": (make_film, "several separate bright regions"),
    "mask of a lesion": (lambda _: make_mask(), "of it is not background"),
    "slice with a white frame": (
        lambda phantoms: cv2.copyMakeBorder(
            phantoms[0][9:-9, 9:-9], 9, 9, 9, 9, cv2.BORDER_CONSTANT, value=(255,) * 3
        ),
        "background",
    ),
    "slice with a white bar": (
        lambda phantoms: cv2.copyMakeBorder(
            phantoms[0], 0, 0, 0, 14, cv2.BORDER_CONSTANT, value=(255,) * 3
        ),
        "border is bright|background",
    ),
    "wide slice": (
        lambda phantoms: cv2.copyMakeBorder(
            phantoms[0], 0, 0, 200, 200, cv2.BORDER_CONSTANT, value=(0,) * 3
        ),
        "width : height",
    ),
}


class TestFindOutliers:
    def test_less_than_2_percent_of_phantoms_are_flagged(self, features):
        assert len(find_outliers(features)) < 0.02 * COUNT

    @pytest.mark.slow
    @pytest.mark.parametrize("name", FOREIGN)
    def test_what_is_no_slice_is_flagged_with_its_reason(self, phantoms, features, name):
        make, reason = FOREIGN[name]
        table = pd.concat([features, tabulate([make(phantoms)])], ignore_index=True)
        found = find_outliers(table)
        assert re.search(reason, found[COUNT])

    def test_all_of_them_at_once_do_not_hide_each_other(self, phantoms, features):
        foreign = tabulate([make(phantoms) for make, _ in FOREIGN.values()])
        found = find_outliers(pd.concat([features, foreign], ignore_index=True))
        assert set(range(COUNT, COUNT + len(FOREIGN))) <= set(found)
        assert len(found) - len(FOREIGN) < 0.02 * COUNT

    def test_reasons_name_the_value_and_what_is_usual(self, features):
        table = features.assign(shape=1.0)
        table.loc[7, "shape"] = 2.5
        table.loc[9, "colored"] = 0.4
        found = find_outliers(table)
        assert found[7] == "width : height 2.50 (median 1.00)"
        assert found[9] == "40 % of it is in color"

    def test_several_reasons_are_joined(self, features):
        table = features.copy()
        table.loc[0, ["colored", "lit"]] = 0.3, 0.05
        assert find_outliers(table)[0] == (
            "30 % of it is in color; only 5 % of it is not background"
        )

    def test_equal_images_are_no_outliers(self, phantoms):
        assert find_outliers(tabulate([phantoms[0]] * 5)) == {}

    def test_one_image_is_no_outlier(self, phantoms):
        assert find_outliers(tabulate(phantoms[:1])) == {}

    def test_the_table_stays_as_it_is(self, features):
        before = features.copy()
        find_outliers(features)
        pd.testing.assert_frame_equal(features, before)


class TestMeasurePicture:
    def test_a_checkerboard_has_known_properties(self):
        image = np.zeros((96, 192, 3), np.uint8)
        image[:, 96:] = 200
        measured = measure_picture(image)
        assert measured.colored == 0
        assert measured.corner == 200
        assert measured.bright_rim == pytest.approx(0.5, abs=0.02)
        assert measured.lit == pytest.approx(0.5, abs=0.02)
        assert measured.largest == 1
        assert measured.brightness == pytest.approx(100)
        assert measured.contrast == pytest.approx(100)
        assert measured.shape == 2

    def test_the_compression_of_a_gray_slice_is_no_color(self, phantoms):
        stored = io.BytesIO()
        Image.fromarray(phantoms[0]).save(stored, "JPEG", quality=30)
        assert measure_picture(np.array(Image.open(stored))).colored == 0

    def test_a_black_image_does_no_harm(self):
        measured = measure_picture(np.zeros((40, 40, 3), np.uint8))
        assert measured == PictureFeatures(0, 0, 0, 0, 0, 0, 0, 0, 1)
