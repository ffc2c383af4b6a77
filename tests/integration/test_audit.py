"""An audit of folders in which it is known what was planted: everything is found, nothing else."""

import io
import json
import os
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_sample_image

import tumorscope
from tumorscope.dataset.manifest import read_table
from tumorscope.phantoms import draw_phantom

COUNT = 60
OF_SECOND = 50  # phantoms from here on lie in the second folder
SHARED, CONFLICT = 40, 45
PLANTED_OF_KIND = 5


def brighten(image):
    return np.clip(image * 1.3 + 15, 0, 255).astype(np.uint8)


def crop(image):
    cut = round(0.03 * min(image.shape))
    return image[cut:-cut, cut:-cut]


def rescale(image):
    return cv2.resize(image, None, fx=0.6, fy=0.55, interpolation=cv2.INTER_AREA)


KINDS = {
    "flipped": lambda image: image[:, ::-1],
    "turned": np.rot90,
    "cropped": crop,
    "rescaled": rescale,
    "intensity": brighten,
    "recompressed": lambda image: image,
    "turned+cropped+rescaled+intensity": lambda image: rescale(crop(brighten(np.rot90(image, 2)))),
}
SUFFIXES = dict.fromkeys(KINDS, ".png") | {"recompressed": ".jpg"}
PHOTOS = {f"first/yes/{name}" for name in ("china.png", "flower.jpg", "page.png")}
BROKEN = {"first/no/truncated.jpg", "first/no/empty.png", "second/text.png"}


class Planted:
    """Two folders, and for each readable slice the picture it shows and how it was made."""

    def __init__(self, folder):
        self.folder = folder
        self.pictures, self.kinds = {}, {}

    def save(self, name, pixels, picture, kind="original"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.ascontiguousarray(pixels)).save(path, quality=35)
        self.pictures[name], self.kinds[name] = picture, kind

    def copy(self, source, name):
        shutil.copy(self.folder / source, self.folder / name)
        self.pictures[name], self.kinds[name] = self.pictures[source], "exact"


def place(number):
    if number >= OF_SECOND:
        return f"second/{number}"
    return f"first/{'yes' if number % 2 == 0 else 'no'}/{number:02}"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folders = Planted(tmp_path_factory.mktemp("planted"))
    pictures = [
        draw_phantom(41, number, has_tumor=number % 2 == 0).image_hw for number in range(COUNT)
    ]
    for number, picture in enumerate(pictures):
        folders.save(f"{place(number)}.png", picture, number)
    for order, (kind, edit) in enumerate(KINDS.items()):
        for number in range(order * PLANTED_OF_KIND, (order + 1) * PLANTED_OF_KIND):
            name = f"{place(number)}_copy{SUFFIXES[kind]}"
            folders.save(name, edit(pictures[number]), number, kind)
    folders.copy(f"{place(0)}.png", f"{place(0)}_same.png")
    # Of the first folder's slices two have copies in the second, of the second's three.
    folders.copy(f"{place(SHARED)}.png", f"second/{SHARED}.png")
    folders.save(f"second/{SHARED}b.png", pictures[SHARED][::-1], SHARED, "flipped")
    folders.save(
        f"second/{SHARED + 1}.png", brighten(pictures[SHARED + 1]), SHARED + 1, "intensity"
    )
    folders.save(f"first/yes/{CONFLICT}.png", pictures[CONFLICT][::-1], CONFLICT, "flipped")
    plant_photos(folders)
    break_files(folders.folder, pictures[0])
    return folders


def plant_photos(folders):
    page = Image.new("L", (500, 600), "white")
    for line in range(28):
        text = "the patient was seen " * 3
        ImageDraw.Draw(page).text((20, 20 + 20 * line), text, "black", ImageFont.load_default(15))
    folders.save("first/yes/page.png", page, "page")
    folders.save("first/yes/china.png", load_sample_image("china.jpg"), "china")
    folders.save("first/yes/flower.jpg", load_sample_image("flower.jpg"), "flower")


def break_files(folder, picture):
    stored = io.BytesIO()
    Image.fromarray(picture).save(stored, "JPEG")
    (folder / "first/no/truncated.jpg").write_bytes(stored.getvalue()[: stored.tell() // 2])
    (folder / "first/no/empty.png").touch()
    (folder / "second/text.png").write_text("no image")


@pytest.fixture(scope="module")
def out(planted):
    out = planted.folder / "out"
    tumorscope.audit([planted.folder / "first", planted.folder / "second"], out)
    return out


@pytest.fixture(scope="module")
def table(out):
    table = read_table(out / "groups.csv")
    return table.set_index(table["folder"] + "/" + table["path"])


@pytest.fixture(scope="module")
def document(out):
    return json.loads((out / "audit.json").read_text("utf-8"))


def list_places(rows):
    return {f"{row['folder']}/{row['path']}" for row in rows}


def test_the_table_has_a_row_for_each_readable_slice_and_its_columns_only(planted, table):
    assert table.columns.tolist() == ["path", "folder", "label_name", "group", "kind"]
    assert table.index.is_unique
    assert set(table.index) == set(planted.pictures)


def test_the_groups_are_exactly_the_planted_ones(planted, table):
    pairs = set(zip(table.index.map(planted.pictures), table["group"], strict=True))
    assert len(pairs) == table["group"].nunique() == COUNT + len(PHOTOS)


def test_every_copy_is_of_the_kind_that_was_planted(planted, table):
    assert table["kind"].to_dict() == planted.kinds


def test_only_the_planted_label_conflict_is_found(document):
    (conflict,) = document["findings"]["conflicts"]
    assert list_places(conflict["slices"]) == {
        f"first/no/{CONFLICT}.png", f"first/yes/{CONFLICT}.png"
    }  # fmt: skip


def test_overlap_is_counted_both_ways(document):
    counts = {row["folder"]: row for row in document["summary"]["overlap"]}
    assert (counts["first"]["slices"], counts["first"]["pictures"]) == (2, 2)
    assert (counts["second"]["slices"], counts["second"]["pictures"]) == (3, 2)
    _, backwards = document["findings"]["overlap"]
    assert {pair["path"]: pair["copy"] for pair in backwards["copies"]} == {
        f"{SHARED}.png": f"yes/{SHARED}.png",
        f"{SHARED}b.png": f"yes/{SHARED}.png",
        f"{SHARED + 1}.png": f"no/{SHARED + 1}.png",
    }


def test_photos_and_pages_are_unlike_the_rest_and_phantoms_are_not(planted, document):
    found = list_places(document["findings"]["outliers"])
    assert found >= PHOTOS
    assert len(found - PHOTOS) < 0.02 * len(planted.pictures)


def test_broken_files_are_listed_with_the_reason_and_the_rest_is_read(document):
    unreadable = document["findings"]["unreadable"]
    assert list_places(unreadable) == BROKEN
    assert all(row["reason"] for row in unreadable)


def test_the_numbers_agree_with_the_table(table, document):
    summary = document["summary"]
    copies = table.loc[table["kind"] != "original", "kind"]
    assert summary["slices"] == len(table)
    assert summary["pictures"] == table["group"].nunique()
    assert summary["copies"] == len(copies)
    assert summary["exact"] == (copies == "exact").sum() == 2
    assert summary["kinds"] == copies.value_counts().to_dict()


def test_the_leak_is_that_of_random_splits(table, document):
    """A fifth of the slices is drawn 3,000 times; 0.008 is four standard errors."""
    groups = table["group"].to_numpy()
    order = np.random.default_rng(0).random((3000, len(groups))).argsort(axis=1)
    drawn = round(0.2 * len(groups))
    shares = [np.isin(groups[own[:drawn]], groups[own[drawn:]]).mean() for own in order]
    assert document["summary"]["expected_leak"] == pytest.approx(np.mean(shares), abs=0.008)


def test_hostile_names_of_files_labels_and_folders_do_no_harm(tmp_path):
    folder = tmp_path / os.fsdecode(b"\xff<b>")
    label = folder / os.fsdecode(b"<script>\xfe\n")
    label.mkdir(parents=True)
    for number in range(2):
        picture = draw_phantom(41, number, has_tumor=False).image_hw
        Image.fromarray(picture).save(label / f'{number}\n,"=1.png')
    tumorscope.audit(folder, tmp_path / "out")
    table = read_table(tmp_path / "out" / "groups.csv")
    assert table["path"].tolist() == [f'<script>\udcfe\n/{number}\n,"=1.png' for number in range(2)]
    assert table["folder"].tolist() == ["\udcff<b>"] * 2
    page = (tmp_path / "out" / "audit.html").read_text("utf-8", errors="strict")
    assert "<script" not in page
    assert "&lt;script&gt;\\udcfe" in page
    assert "\\udcff&lt;b&gt;" in page
