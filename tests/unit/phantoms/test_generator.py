import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tumorscope.errors import InputError
from tumorscope.phantoms import draw_phantom, write_phantoms
from tumorscope.phantoms.lesion import LESION_KINDS

PHANTOM_COUNT = 160


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantoms") / "new"
    progress = []
    table = write_phantoms(folder, PHANTOM_COUNT, 4, progress.append)
    return folder, table, progress


def read_images(folder, table):
    return [np.asarray(Image.open(folder / path)) for path in table["path"]]


def cross_validate(features, labels):
    classifier = make_pipeline(StandardScaler(), LogisticRegression())
    return cross_val_score(classifier, np.array(features, dtype=float), labels, cv=5).mean()


class TestDrawPhantom:
    @pytest.mark.parametrize("has_tumor", [False, True])
    def test_same_seed_and_index_give_the_same_phantom(self, has_tumor):
        first, second = (draw_phantom(5, 9, has_tumor=has_tumor) for _ in range(2))
        np.testing.assert_array_equal(first.image_hw, second.image_hw)
        np.testing.assert_array_equal(first.mask_hw, second.mask_hw)
        assert (first.contrast, first.lesions) == (second.contrast, second.lesions)

    @pytest.mark.parametrize(("seed", "index"), [(5, 10), (6, 9), (9, 5)])
    def test_another_seed_or_index_gives_another_phantom(self, seed, index):
        first = draw_phantom(5, 9, has_tumor=False).image_hw
        other = draw_phantom(seed, index, has_tumor=False).image_hw
        assert first.shape != other.shape or (first != other).any()

    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(seed=st.integers(0, 2**40), index=st.integers(0, 2**20))
    def test_tumor_has_a_mask_inside_the_head_and_the_same_head_without_has_none(self, seed, index):
        tumor = draw_phantom(seed, index, has_tumor=True)
        healthy = draw_phantom(seed, index, has_tumor=False)

        assert 1 <= len(tumor.lesions) <= 2
        assert set(tumor.lesions) <= set(LESION_KINDS)
        assert 0.001 < tumor.mask_hw.mean() < 0.25
        border = [tumor.mask_hw[[0, -1]], tumor.mask_hw[:, [0, -1]].T]
        assert not any(side.any() for side in border)

        assert healthy.lesions == ()
        assert not healthy.mask_hw.any()
        assert healthy.image_hw.shape == tumor.image_hw.shape == tumor.mask_hw.shape
        assert healthy.contrast == tumor.contrast
        outside = np.abs(tumor.image_hw.astype(int) - healthy.image_hw)[~tumor.mask_hw]
        assert np.median(outside) <= 1, "away from the lesion nothing changes"

    @pytest.mark.slow
    def test_lesions_are_visible(self):
        for index in range(30):
            tumor = draw_phantom(8, index, has_tumor=True)
            healthy = draw_phantom(8, index, has_tumor=False)
            change = np.abs(tumor.image_hw.astype(int) - healthy.image_hw)
            assert change[tumor.mask_hw].mean() > 20, f"phantom {index}"

    @pytest.mark.parametrize(("seed", "index", "name"), [(-1, 0, "seed"), (0, -3, "index")])
    def test_negative_numbers_are_refused(self, seed, index, name):
        with pytest.raises(InputError, match=f"{name} of a phantom must be at least 0, not -"):
            draw_phantom(seed, index, has_tumor=True)


@pytest.mark.slow
class TestWritePhantoms:
    @pytest.mark.slow
    def test_table_on_disk_is_the_one_returned(self, written):
        folder, table, _ = written
        read = pd.read_csv(folder / "phantoms.csv", keep_default_na=False)
        pd.testing.assert_frame_equal(read, table)
        assert list(table.columns) == ["path", "label", "contrast", "lesions", "mask"]

    @pytest.mark.slow
    def test_classes_are_balanced_and_named_by_folder(self, written):
        folder, table, _ = written
        assert table["label"].sum() == PHANTOM_COUNT / 2
        folders = table["path"].str.split("/").str[0]
        assert (folders == table["label"].map({0: "no", 1: "yes"})).all()
        assert len(list((folder / "yes").iterdir())) == PHANTOM_COUNT / 2
        assert len(list((folder / "no").iterdir())) == PHANTOM_COUNT / 2

    def test_contrasts_and_kinds_of_lesion_all_occur(self, written):
        _, table, _ = written
        assert set(table["contrast"]) == {"T1", "T2", "FLAIR"}
        assert set(";".join(table["lesions"]).split(";")) >= set(LESION_KINDS)

    def test_masks_belong_to_tumors_only_and_fit_their_image(self, written):
        folder, table, _ = written
        assert ((table["mask"] != "") == (table["label"] == 1)).all()
        assert len(list((folder / "masks").iterdir())) == PHANTOM_COUNT / 2
        for row in table[table["label"] == 1].head(20).itertuples():
            mask = np.asarray(Image.open(folder / row.mask))
            image = np.asarray(Image.open(folder / row.path))
            assert mask.shape == image.shape
            assert set(np.unique(mask)) == {0, 255}

    def test_every_file_says_synthetic_in_name_and_metadata(self, written):
        folder, _, _ = written
        files = list(folder.rglob("*.png"))
        assert len(files) == 1.5 * PHANTOM_COUNT
        for path in files:
            assert path.name.startswith("SYNTHETIC_s4_")
            with Image.open(path) as image:
                assert image.text["Description"].startswith("SYNTHETIC brain MRI phantom")
                assert image.text["Seed"] == "4"
                assert int(image.text["Index"]) == int(path.stem[-5:])
                assert image.text["Contrast"] in image.text["Description"]
                assert image.text["Lesions"]

    def test_progress_counts_to_the_end(self, written):
        assert written[2] == list(range(1, PHANTOM_COUNT + 1))

    def test_a_smaller_count_in_an_empty_folder_gives_the_same_first_files(self, written, tmp_path):
        folder, table, _ = written
        (tmp_path / "few").mkdir()
        first = write_phantoms(tmp_path / "few", 5, 4)
        pd.testing.assert_frame_equal(first, table.head(5))
        for path in first["path"]:
            assert (tmp_path / "few" / path).read_bytes() == (folder / path).read_bytes()

    @pytest.mark.parametrize(
        ("count", "seed", "message"),
        [
            (1, 0, "at least 2, one of each class"),
            (0, 0, "at least 2"),
            (2, -1, "seed .* must be at least 0, not -1"),
        ],
    )
    def test_refused_numbers_leave_nothing_behind(self, tmp_path, count, seed, message):
        with pytest.raises(InputError, match=message):
            write_phantoms(tmp_path / "new" / "phantoms", count, seed)
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_in_use_is_refused_and_kept(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(InputError, match="holds other files"):
            write_phantoms(tmp_path, 2, 0)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_a_file_in_place_of_the_folder_is_refused(self, tmp_path):
        (tmp_path / "phantoms").write_text("mine")
        with pytest.raises(InputError, match="phantoms: a file"):
            write_phantoms(tmp_path / "phantoms", 2, 0)

    def test_an_interrupted_run_leaves_nothing_behind(self, tmp_path):
        def interrupt(done):
            if done == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_phantoms(tmp_path / "phantoms", 6, 0, interrupt)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
class TestNothingButTheLesionTellsTheClass:
    def test_brightness_does_not(self, written):
        folder, table, _ = written
        features = [(image.mean(), image.max()) for image in read_images(folder, table)]
        assert cross_validate(features, table["label"]) < 0.70

    def test_image_and_file_sizes_do_not(self, written):
        folder, table, _ = written
        features = [
            (
                *image.shape,
                (folder / path).stat().st_size,
                (folder / path).stat().st_size / image.size,
            )
            for path, image in zip(table["path"], read_images(folder, table), strict=True)
        ]
        assert cross_validate(features, table["label"]) < 0.62

    def test_contrast_does_not(self, written):
        _, table, _ = written
        features = pd.get_dummies(table["contrast"])
        assert cross_validate(features, table["label"]) < 0.62


@pytest.mark.slow
def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, tumorscope.phantoms;"
        "print({'nilearn', 'nibabel', 'scipy', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
