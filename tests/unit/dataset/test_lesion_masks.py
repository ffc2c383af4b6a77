import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.dataset.lesion_masks import (
    assign_masks,
    list_masks,
    measure_lesions,
    open_masks,
    read_mask,
)
from tumorscope.errors import InputError


@pytest.mark.slow
def test_phantom_masks_are_read_as_they_were_written(image_folder):
    masks = list_masks(image_folder / "masks")
    assert len(masks) == 8
    name, path = next(iter(masks.items()))
    written = np.asarray(Image.open(path)) > 0
    np.testing.assert_array_equal(read_mask(masks[name], *written.shape), written)


def test_outlines_are_drawn_at_the_size_of_the_slice(tmp_path):
    shape = {"name": "rect", "x": 2, "y": 3, "width": 4, "height": 5}
    entry = {"filename": "a.jpg", "size": 1, "regions": [{"shape_attributes": shape}]}
    path = tmp_path / "outlines.json"
    path.write_text(json.dumps({"a": entry}))
    mask_hw = read_mask(list_masks(path)["a.jpg"], 20, 30)
    assert (mask_hw.shape, mask_hw.dtype) == ((20, 30), bool)
    assert mask_hw.sum() == 5 * 6


@pytest.mark.slow
def test_folder_without_pictures_and_mask_of_another_size_are_refused(tmp_path, image_folder):
    with pytest.raises(InputError, match="no pictures of masks"):
        list_masks(tmp_path)
    mask = next(iter(list_masks(image_folder / "masks").values()))
    with pytest.raises(InputError, match="its slice 10 x 10"):
        read_mask(mask, 10, 10)


class TestAssignment:
    @pytest.fixture
    def slices(self, tmp_path) -> pd.DataFrame:
        for name in ("a.png", "b.png", "c.png"):
            Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / name)
        paths = [str(tmp_path / name) for name in ("a.png", "b.png", "c.png")]
        return pd.DataFrame({"path": paths, "label": [1, 1, 0]})

    def outline(self, folder, sizes: dict[str, int]):
        shape = {"name": "rect", "x": 2, "y": 3, "width": 4, "height": 5}
        entries = {
            name: {"filename": name, "size": size, "regions": [{"shape_attributes": shape}]}
            for name, size in sizes.items()
        }
        path = folder / "outlines.json"
        path.write_text(json.dumps(entries))
        return path

    def test_outlines_belong_to_slices_with_a_tumor_by_name_and_size(self, slices, tmp_path):
        size = (tmp_path / "a.png").stat().st_size
        path = self.outline(tmp_path, {"a.png": size, "b.png": size + 1, "c.png": size})
        manifest = assign_masks(slices, [path])
        assert manifest["mask"].notna().tolist() == [True, False, False]
        outline, *others = open_masks(manifest)
        assert read_mask(outline, 20, 30).any()
        assert others == [None, None]

    def test_name_alone_decides_where_the_size_is_not_known(self, slices, tmp_path):
        manifest = assign_masks(slices, [self.outline(tmp_path, {"b.png": -1})])
        assert manifest["mask"].notna().tolist() == [False, True, False]

    def test_pictures_belong_by_name(self, slices, tmp_path):
        (tmp_path / "masks").mkdir()
        Image.fromarray(np.full((20, 30), 255, np.uint8)).save(tmp_path / "masks" / "b.png")
        manifest = assign_masks(slices, [tmp_path / "masks"])
        assert open_masks(manifest) == [None, tmp_path / "masks" / "b.png", None]

    def test_masks_beside_a_source_are_about_its_slices_alone(self, slices, tmp_path):
        (tmp_path / "other").mkdir()
        other = self.outline(tmp_path / "other", {"a.png": -1})
        Image.fromarray(np.zeros((20, 30), np.uint8)).save(tmp_path / "other" / "a.png")
        path = str(tmp_path / "other" / "a.png")
        both = pd.concat([slices, pd.DataFrame({"path": [path], "label": [1]})], ignore_index=True)
        manifest = assign_masks(both, [other])
        assert manifest["mask"].notna().tolist() == [False, False, False, True]
        deeper = tmp_path / "other" / "annotations" / "final"
        deeper.mkdir(parents=True)
        assert assign_masks(both, [self.outline(deeper, {"a.png": -1})])["mask"].notna().sum() == 1
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        with pytest.raises(InputError, match="have the same name"):
            assign_masks(both, [self.outline(elsewhere, {"a.png": -1})])

    def test_masks_that_a_table_names_stay(self, slices, tmp_path):
        named = slices.assign(mask=["/mine.png", None, None])
        manifest = assign_masks(named, [self.outline(tmp_path, {"a.png": -1, "b.png": -1})])
        assert manifest["mask"].tolist()[:2] == ["/mine.png", str(tmp_path / "outlines.json")]

    def test_lesions_are_measured_and_contradictions_refused(self, slices, tmp_path):
        sized = slices.assign(width=30, height=20)
        manifest = measure_lesions(assign_masks(sized, [self.outline(tmp_path, {"b.png": -1})]))
        np.testing.assert_allclose(manifest["lesion_share"], [np.nan, 5 * 6 / 600, 0])
        with pytest.raises(InputError, match=r"b\.png: labelled 0, and its mask shows a lesion"):
            measure_lesions(manifest.assign(label=0))
        with pytest.raises(InputError, match=r"does not outline a\.png"):
            open_masks(manifest.assign(mask=str(tmp_path / "outlines.json")))
        self.outline(tmp_path, {"b.png": 1})
        with pytest.raises(InputError, match=r"does not outline b\.png of this size"):
            open_masks(manifest)
        for wrong in (str(tmp_path), manifest["path"]):
            with pytest.raises(InputError, match="no mask of"):
                open_masks(manifest.assign(mask=wrong))

    def test_masks_of_other_slices_are_refused(self, slices, tmp_path):
        with pytest.raises(InputError, match="no slice with a tumor"):
            assign_masks(slices, [self.outline(tmp_path, {"z.png": -1})])

    def test_without_masks_there_are_none(self, slices):
        assert open_masks(slices) == [None, None, None]
